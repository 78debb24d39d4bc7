"""What is exported imports again without changing anything, and a spreadsheet sees no formula in it."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete

from newsletter.audience.csvfile import guard, unguard
from newsletter.audience.export import csv_lines, yaml_lines
from newsletter.audience.lists import Importer
from newsletter.config import Settings
from newsletter.errors import ContentError
from newsletter.links import Signer
from newsletter.model import Subscriber
from newsletter.store.db import open_database, reading, writing
from newsletter.store.import_people import Fate
from newsletter.store.people import readers
from newsletter.store.schema import subscriber

NOW = datetime(2025, 2, 10, 9, 0, tzinfo=UTC)
FIELDS = ("region", "community", "position")
Write = Callable[[Iterable[Subscriber], Sequence[str]], Iterator[str]]

values = st.text(max_size=12) | st.sampled_from(
    ["=1+1", "'=1", "''", "-5", "@x", '"', 'a"b', ";,\t", "no", "1"]
)
emails = st.sampled_from(
    ["a@example.org", "=b@example.org", "'=c@example.org", "+d@example.org", "'e@a.test"]
)
chosen = st.lists(st.sampled_from(["social", "economy", "*", "top"])).map(";".join)
someone = st.fixed_dictionaries(
    {"email": emails, "name": values, "sections": chosen, "language": st.sampled_from(["", "uk", "en"])},
    optional=dict.fromkeys(FIELDS, values),
)


@pytest.fixture(scope="module")
def kept(settings: Settings) -> Iterator[Importer]:
    engine = open_database("sqlite://")
    yield Importer(engine, settings, Signer(b"0123456789abcdef"))
    engine.dispose()


@pytest.mark.parametrize(("write", "name"), [(csv_lines, "list.csv"), (yaml_lines, "list.yaml")])
@hypothesis_settings(max_examples=60, deadline=None)
@given(people=st.lists(someone, max_size=4))
@example(people=[{"email": "'=c@example.org", "name": "'=1", "sections": "", "language": ""}])
def test_an_export_imported_again_changes_nothing(
    kept: Importer,
    tmp_path_factory: pytest.TempPathFactory,
    write: Write,
    name: str,
    people: list[dict[str, str]],
) -> None:
    with writing(kept.database) as connection:
        connection.execute(delete(subscriber))
    for cells in people:
        try:
            kept.one(cells, "by hand", NOW)
        except ContentError:
            continue  # a value that no list may hold
    path = tmp_path_factory.getbasetemp() / name
    with reading(kept.database) as connection:
        before = list(readers(connection))
    path.write_text("".join(write(before, FIELDS)), encoding="utf-8", newline="")
    report = kept.file(path, name, NOW, consent="a forum")
    assert report.problems == []
    assert report.fates[Fate.UNCHANGED] == report.fates.total() == len(before)
    with reading(kept.database) as connection:
        assert list(readers(connection)) == before


def reader(**values: str) -> Subscriber:
    return Subscriber(id=1, email="=x@a.org", name=values.get("name", ""), attributes=values)


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "＝1", "＋1", "－1", "＠1"]
)
def test_no_cell_of_a_csv_begins_like_a_formula(name: str) -> None:
    text = "".join(csv_lines([reader(name=name, region=name)], FIELDS)).removeprefix("\ufeff")
    _, cells = csv.reader(io.StringIO(text, newline=""))
    assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for cell in cells)
    assert cells[0] == "'=x@a.org"


@given(values)
def test_the_quote_comes_off_as_it_went_on(value: str) -> None:
    assert unguard(guard(value)) == value


def test_a_csv_names_its_columns_even_without_readers() -> None:
    assert (
        "".join(csv_lines([], FIELDS)) == "\ufeffemail,name,sections,language,region,community,position\r\n"
    )


def test_a_file_of_nobody_changes_nothing(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "nobody.csv"
    path.write_text("".join(csv_lines([], FIELDS)), encoding="utf-8", newline="")
    assert importer.file(path, path.name, NOW, consent="a forum").fates.total() == 0
