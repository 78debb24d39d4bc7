"""Every line of a list is in exactly one count of its report."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.audience.lists import Importer, Options
from newsletter.config import Settings
from newsletter.links import Signer
from newsletter.model import Standing
from tests.audience.test_lists import NOW
from tests.audience.workbooks import Sheet, write_book


@pytest.fixture
def importer(sqlite_engine: Engine, settings: Settings) -> Importer:
    importer = Importer(sqlite_engine, settings, Signer(b"0123456789abcdef"))
    importer.one({"email": "same@h.org"}, "by hand", NOW)
    importer.one({"email": "other@h.org", "name": "Інша"}, "by hand", NOW)
    return importer


LINES = """\
sep=;
Підписники станом на 1 лютого

Пошта;ПІБ;Статус;Розділи
new@h.org;Нова;active;social
same@h.org;;active;
other@h.org;Друга;active;*
new@h.org;Нова;active;
bad@;;active;
x@h.org;;active;socal
left@h.org;;unsubscribed;
gone@h.org;;bounced;
wait@h.org;;pending;
;;;
y@h.org;"Ю" я;active;
z@h.org;"не закрито;active;
stranger@h.org;Чужий;active;
"""


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_counts_add_up_to_the_lines_of_the_file(
    importer: Importer, tmp_path: Path, dry_run: bool
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LINES, encoding="utf-8")
    report = importer.file(path, "list.csv", NOW, consent="x", dry_run=dry_run)
    assert report.counts == {
        "new": 1,
        "changed": 1,
        "unchanged": 1,
        "refused": 6,
        "left": 1,
        "suppressed": 1,
        "unconfirmed": 1,
    }
    assert report.lines == {
        "headings": 1,
        "above": 2,
        "blank": 2,
        "hidden": 0,
        "no_address": 0,
        "all": len(LINES.splitlines()),
    }


def rows(text: str) -> list[Sequence[str]]:
    return [line.split(";") for line in text.splitlines()[1:-3]]


@pytest.mark.parametrize("hidden", [True, False])
def test_the_counts_of_a_sheet_add_up_to_its_rows(importer: Importer, tmp_path: Path, hidden: bool) -> None:
    path = tmp_path / "list.xlsx"
    write_book(path, [Sheet("Голови", rows(LINES), hidden_rows={4, 9})])
    report = importer.file(path, "list.xlsx", NOW, consent="x", options=Options(hidden=hidden))
    assert report.lines["hidden"] == (0 if hidden else 2)
    assert report.lines["all"] == len(rows(LINES))


def test_the_counts_of_people_in_yaml_add_up(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(
        "- email: a@h.org\n- {email: b@h.org, name: [1]}\n- email: same@h.org\n", encoding="utf-8"
    )
    report = importer.file(
        path, "list.yaml", NOW, consent="x", options=Options(everybody=Standing.LEFT), dry_run=True
    )
    assert (report.counts["left"], report.counts["refused"], report.lines["all"]) == (2, 1, 3)
