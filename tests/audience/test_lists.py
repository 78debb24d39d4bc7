"""A list is imported whole: each line taken or refused with the reason; one that was stopped goes on."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from newsletter.audience.lists import Importer, Report, described
from newsletter.audience.workbook import Sheet, Workbook
from newsletter.config import Settings
from newsletter.errors import ContentError, Severity, StoreError
from newsletter.links import Signer
from newsletter.model import Subscriber
from newsletter.store.db import reading, writing
from newsletter.store.import_people import Fate
from newsletter.store.people import find, leave, readers
from tests.audience.workbooks import write_workbook

NOW = datetime(2025, 2, 10, 9, 0, tzinfo=UTC)
HEAD = "email,name,sections,language,region\n"


@pytest.fixture
def take(importer: Importer, tmp_path: Path) -> Callable[..., Report]:
    """Import CSV lines under the usual headings."""

    def take(*lines: str, dry_run: bool = False, keep: int | None = None) -> Report:
        path = tmp_path / "list.csv"
        path.write_text(HEAD + "\n".join(lines), encoding="utf-8")
        return importer.file(path, "subscribers/list.csv", NOW, consent="a forum", dry_run=dry_run, keep=keep)

    return take


def people(engine: Engine) -> list[Subscriber]:
    with reading(engine) as connection:
        return list(readers(connection))


def counts(report: Report) -> list[int]:
    return [report.fates[fate] for fate in (Fate.NEW, Fate.CHANGED, Fate.UNCHANGED, Fate.REFUSED)]


def told(report: Report) -> list[str]:
    return [str(problem) for problem in report.problems]


def test_every_line_is_accounted_for(take: Callable[..., Report]) -> None:
    take("a@example.org,Олена,social,uk,Сумська", "b@example.org,Іван,,,")
    report = take(
        "a@example.org,Олена,social,uk,Сумська",
        "b@example.org,Марія,,,",
        "c@example.org,Олег,,,",
        "c@@example.org,Олег,,,",
    )
    assert counts(report) == [1, 1, 1, 1]


def test_a_person_has_what_the_line_says(take: Callable[..., Report], engine: Engine) -> None:
    take("Olena@Example.org,Олена Гнатюк,social;economy,uk,Сумська")
    (reader,) = people(engine)
    assert (reader.email, reader.name, reader.language) == ("Olena@example.org", "Олена Гнатюк", "uk")
    assert reader.sections == {"social", "economy"}
    assert reader.attributes == {"region": "Сумська"}


@pytest.mark.parametrize(
    ("cell", "sections"),
    [
        ("", {"*"}),
        ("*", {"*"}),
        ("social;*", {"*"}),
        (";", {"*"}),
        ("social", {"social"}),
        (" social ; economy ", {"social", "economy"}),
        ('"social,economy,"', {"social", "economy"}),
        ("top", {"top"}),
    ],
)
def test_sections_are_slugs_or_all(
    take: Callable[..., Report], engine: Engine, cell: str, sections: set[str]
) -> None:
    take(f"a@example.org,,{cell},,")
    (reader,) = people(engine)
    assert reader.sections == sections


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a@example.org,,socal,,", "unknown section 'socal'\n  Did you mean 'social'?"),
        ("a@example.org,,,ua,", "unknown language 'ua'"),
        ("a@example.org,О\x00лена,,,", "the column 'name' contains the character U+0000"),
        ("a@example.org,Олена\u2028,,,", "the column 'name' contains the character U+2028"),
        ("пошта@example.org,,,,", "SMTPUTF8"),
        (",Олена,,,", "'' is not a mail address"),
        ("A@EXAMPLE.org,,,,", "is already on line 2"),
    ],
)
def test_a_faulty_line_is_refused_at_its_place_and_the_others_are_taken(
    take: Callable[..., Report], engine: Engine, line: str, said: str
) -> None:
    report = take("a@example.org,Перша,social,uk,", line, "z@example.org,,,,")
    assert counts(report) == [2, 0, 0, 1]
    (text,) = told(report)
    assert text.startswith("subscribers/list.csv:3: ")
    assert said in text
    assert [reader.email for reader in people(engine)] == ["a@example.org", "z@example.org"]


def test_problems_come_in_the_order_of_the_file(take: Callable[..., Report], engine: Engine) -> None:
    take("left@example.org,,,,")
    with writing(engine) as connection:
        person = find(connection, "left@example.org")
        assert person is not None
        leave(connection, person.id, [], ["social"], NOW)
    report = take("bad@,,,,", "left@example.org,,,,", "worse@,,,,")
    assert [problem.at and problem.at.line for problem in report.problems] == [2, 3, 4]


def test_an_empty_cell_takes_a_value_away_and_an_absent_column_leaves_it(
    take: Callable[..., Report], importer: Importer, engine: Engine, tmp_path: Path
) -> None:
    take("a@example.org,Олена,social,uk,Сумська")
    path = tmp_path / "short.csv"
    path.write_text("Пошта;Область\na@example.org;\n", encoding="utf-8")
    importer.file(path, path.name, NOW, consent="")
    (reader,) = people(engine)
    assert (reader.name, reader.language, reader.attributes) == ("Олена", "uk", {})
    assert reader.sections == {"social"}


def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    take: Callable[..., Report], engine: Engine
) -> None:
    take("a@example.org,Олена,social,uk,Сумська", "b@example.org,Іван,,,")
    before = people(engine)
    report = take(
        "a@example.org,Олена,*,uk,Харківська", "b@example.org,Іван,,,", "c@example.org,,,,", dry_run=True
    )
    assert counts(report) == [1, 1, 1, 0]
    changed = "a@example.org: region «Сумська» → «Харківська», sections «social» → «*»"
    assert report.changes == {
        Fate.NEW: ["subscribers/list.csv:4: c@example.org: new"],
        Fate.CHANGED: [f"subscribers/list.csv:2: {changed}"],
    }
    assert people(engine) == before


def test_batches_follow_each_other_and_progress_is_told(
    importer: Importer, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    path.write_text("email\n" + "".join(f"p{n}@example.org\n" for n in range(4_500)), encoding="utf-8")
    steps: list[tuple[int, int]] = []
    report = importer.file(
        path, path.name, NOW, consent="", progress=lambda done, lines: steps.append((done, lines))
    )
    assert counts(report) == [4_500, 0, 0, 0]
    assert steps == sorted(set(steps))
    assert len(steps) > 1, "a long list is written in more than one transaction"
    assert steps[-1] == (4_501, 4_501)
    assert len(people(engine)) == 4_500


def test_an_import_that_was_stopped_goes_on_and_reports_as_if_it_had_run_through(
    importer: Importer, engine: Engine, tmp_path: Path
) -> None:
    importer.one({"email": "gone@example.org"}, "by hand", NOW)
    importer.one({"email": "p7@example.org", "name": "Олена"}, "by hand", NOW)
    with writing(engine) as connection:
        person = find(connection, "gone@example.org")
        assert person is not None
        leave(connection, person.id, [], ["social"], NOW)
    path = tmp_path / "long.csv"
    lines = [f"p{n}@example.org,Іван\n" for n in range(4_500)]
    lines[3:3] = ["gone@example.org,\n", "p1@example.org,again\n", "faulty@,\n"]
    path.write_text("email,name\n" + "".join(lines), encoding="utf-8")
    refused = [
        "long.csv:5: gone@example.org has left every section they had",
        "long.csv:6: p1@example.org is already on line 3",
        "long.csv:7: ",
    ]

    def stop(done: int, _lines: int) -> None:
        if done > 2_500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importer.file(path, path.name, NOW, consent="", progress=stop)
    assert 2_000 < len(people(engine)) < 4_500, "what was written before the stop stays"
    report = importer.file(path, path.name, NOW, consent="")
    assert report.resumed_after > 2_500
    assert counts(report) == [4_499, 1, 0, 3]
    assert len(people(engine)) == 4_500
    for problem, start in zip(told(report), refused, strict=True):
        assert problem.startswith(start)
    again = importer.file(path, path.name, NOW, consent="")
    assert (again.resumed_after, counts(again)) == (0, [0, 0, 4_500, 3]), "an import that ended is done anew"


def test_another_list_or_the_same_with_another_consent_does_not_go_on_where_one_was_stopped(
    importer: Importer, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    path.write_text("email\na@example.org\n", encoding="utf-8")

    def stop(_done: int, _lines: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importer.file(path, path.name, NOW, consent="", progress=stop)
    other = importer.file(path, path.name, NOW, consent="another forum")
    assert (other.resumed_after, counts(other)) == (0, [0, 0, 1, 0])
    path.write_text("email\na@example.org\nb@example.org\n", encoding="utf-8")
    longer = importer.file(path, path.name, NOW, consent="")
    assert (longer.resumed_after, counts(longer)) == (0, [1, 0, 1, 0])


def test_a_workbook_that_breaks_off_is_not_taken_in_part(
    importer: Importer, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.xlsx"
    write_workbook(path, [("email",), *((f"p{n}@example.org",) for n in range(3_000))])

    whole = Workbook.rows

    def broken(workbook: Workbook, sheet: Sheet) -> Iterator[list[str]]:
        yield from islice(whole(workbook, sheet), 2_500)
        raise ContentError("it breaks off")

    monkeypatch.setattr(Workbook, "rows", broken)
    with pytest.raises(ContentError, match="breaks off"):
        importer.file(path, path.name, NOW, consent="")
    assert people(engine) == []


def test_a_full_disk_is_said(sqlite_engine: Engine, settings: Settings, tmp_path: Path) -> None:
    importer = Importer(sqlite_engine, settings, Signer(b"0123456789abcdef"))
    limit = 20  # pages; SQLite then answers as on a full disk
    event.listen(
        sqlite_engine, "connect", lambda connection, _: connection.execute(f"PRAGMA max_page_count={limit}")
    )
    sqlite_engine.dispose()
    path = tmp_path / "long.csv"
    path.write_text("email\n" + "".join(f"p{n}@example.org\n" for n in range(4_500)), encoding="utf-8")
    with pytest.raises(StoreError, match="full"):
        importer.file(path, path.name, NOW, consent="")


def test_one_person_is_added_as_a_line_would_be(importer: Importer, engine: Engine) -> None:
    added = importer.one({"email": "a@example.org", "name": " Олена "}, "by hand", NOW)
    assert described(added) == "a@example.org: new"
    changed = importer.one({"email": "A@example.org", "region": "Сумська"}, "by hand", NOW)
    assert described(changed) == "a@example.org: region «» → «Сумська»"
    assert [reader.name for reader in people(engine)] == ["Олена"]


def test_one_person_who_left_is_not_added(importer: Importer, engine: Engine) -> None:
    importer.one({"email": "a@example.org"}, "by hand", NOW)
    with writing(engine) as connection:
        person = find(connection, "a@example.org")
        assert person is not None
        leave(connection, person.id, [], ["social"], NOW)
    with pytest.raises(ContentError, match="has left"):
        importer.one({"email": "a@example.org"}, "by hand", NOW)
    with pytest.raises(ContentError, match="unknown section"):
        importer.one({"email": "b@example.org", "sections": "x"}, "by hand", NOW)


def test_a_line_that_changes_nothing_says_so(importer: Importer) -> None:
    importer.one({"email": "a@example.org"}, "by hand", NOW)
    assert described(importer.one({"email": "a@example.org"}, "by hand", NOW)) == "a@example.org: unchanged"


def test_where_consent_comes_from_is_kept_with_the_new_and_not_with_the_known(
    take: Callable[..., Report], importer: Importer, engine: Engine
) -> None:
    importer.one({"email": "a@example.org"}, "her letter", NOW)
    take("a@example.org,Олена,,,", "b@example.org,,,,")
    with reading(engine) as connection:
        found = {name: find(connection, f"{name}@example.org") for name in "ab"}
    assert {name: one.source for name, one in found.items() if one} == {
        "a": "her letter",
        "b": "a forum (list.csv)",
    }


def test_what_looks_mistyped_is_named_with_its_line_and_taken(take: Callable[..., Report]) -> None:
    report = take("olena@gmial.com,,,,", "rada@konotop.example.org,,,,", "a@example.org,,,,")
    assert counts(report) == [3, 0, 0, 0]
    assert not report.refused
    typo, office = report.problems
    assert str(typo) == (
        "subscribers/list.csv:2: gmial.com looks like a mistyped gmail.com\n  If so, write olena@gmail.com."
    )
    assert typo.severity == office.severity == Severity.WARNING
    assert "office" in office.text


def test_of_each_kind_only_the_first_are_kept_and_all_are_counted(take: Callable[..., Report]) -> None:
    take(*(f"p{n}@example.org,,,," for n in range(3)))
    report = take(
        *(f"p{n}@example.org,Олена,,," for n in range(3)),
        *(f"q{n}@gmial.com,,,," for n in range(3)),
        *(f"bad{n}@,,,," for n in range(3)),
        dry_run=True,
        keep=2,
    )
    assert counts(report) == [3, 3, 0, 3]
    assert [len(kept) for kept in report.changes.values()] == [2, 2]
    assert report.found == {Severity.WARNING: 3, Severity.ERROR: 3}
    assert [problem.at and problem.at.line for problem in report.problems] == [5, 6, 8, 9]


def test_a_sheet_is_imported_as_a_list_of_text_is(importer: Importer, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    rows = [
        ("Ел. пошта", "ПІБ"),
        ("a@example.org", "Олена"),
        ("", ""),
        ("a@example.org", "Олена"),
        ("b@", ""),
    ]
    write_workbook(path, rows, "Голови")
    report = importer.file(path, "subscribers/list.xlsx", NOW, consent="a forum")
    assert counts(report) == [1, 0, 0, 2]
    assert [str(problem.at) for problem in report.problems] == [
        "subscribers/list.xlsx[Голови]:4",
        "subscribers/list.xlsx[Голови]:5",
    ]
    assert [reader.name for reader in people(engine)] == ["Олена"]
