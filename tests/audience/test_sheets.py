"""In a workbook the list is found wherever it is, and what a sheet hides is told."""

from pathlib import Path

import pytest

from newsletter.audience.columns import Columns
from newsletter.audience.listfile import ListFile, open_list
from newsletter.config import Settings
from newsletter.errors import ContentError
from tests.audience.workbooks import Sheet, write_book

LIST = [("Ел. пошта", "ПІБ"), ("a@b.org", "Анна"), ("c@d.org", "Єва"), ("e@f.org", "Ія")]
GUIDE = [("Як заповнювати",), ("1. Не змінюйте назви стовпців.",)]

PREFIXED = (
    b'<x:row xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="2" hidden="1">'
    b'<x:c t="inlineStr"><x:is><x:t>a@b.org</x:t></x:is></x:c></x:row>'
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.xlsx"


def read(path: Path, settings: Settings, sheet: str | None = None, **how: bool) -> tuple[list[str], ListFile]:
    with open_list(path, path.name, Columns(settings.fields), sheet, **how) as source:
        return [cells["email"] for _, cells in source.rows if isinstance(cells, dict)], source


def test_a_list_behind_instructions_is_found_and_the_other_sheets_named(
    path: Path, settings: Settings
) -> None:
    write_book(
        path,
        [
            Sheet("Інструкція", GUIDE),
            Sheet("Старе", LIST, hidden=True),
            Sheet("Голови", LIST),
            Sheet("Ще", LIST),
        ],
    )
    found, source = read(path, settings)
    assert found == ["a@b.org", "c@d.org", "e@f.org"]
    assert source.name == "list.xlsx[Голови]"
    assert source.notes == [
        "Other sheets, not read: 'Інструкція', 'Старе' (hidden), 'Ще'. Read one: --sheet NAME"
    ]
    assert read(path, settings, "Старе")[0] == found


def test_where_no_sheet_is_a_list_all_are_named(path: Path, settings: Settings) -> None:
    write_book(path, [Sheet("Інструкція", GUIDE), Sheet("Голови", [("Скринька", "ПІБ")])])
    with pytest.raises(ContentError) as caught:
        read(path, settings)
    (problem,) = caught.value.problems
    assert "'Інструкція', 'Голови'" in problem.text
    assert "--sheet NAME --column" in problem.hint


def test_a_title_above_the_headings_of_a_sheet_is_passed_over(path: Path, settings: Settings) -> None:
    rows = [("Підписники станом на 1 лютого",), (), ("", "оновлено"), *LIST]
    write_book(path, [Sheet("Голови", rows)])
    with open_list(path, path.name, Columns(settings.fields)) as source:
        lines = [line for line, _ in source.rows]
    assert lines == [5, 6, 7]
    assert source.passed == {"above": 2, "blank": 1, "headings": 1}


def test_rows_that_a_filter_hides_are_counted_and_taken_only_if_asked(path: Path, settings: Settings) -> None:
    write_book(path, [Sheet("Інше", GUIDE), Sheet("Голови", [*LIST[:2], (), *LIST[2:]], hidden_rows={3, 4})])
    found, source = read(path, settings)
    assert found == ["a@b.org", "e@f.org"]
    assert source.passed == {"headings": 1, "hidden": 1, "blank": 1}
    assert read(path, settings, hidden=True)[0] == ["a@b.org", "c@d.org", "e@f.org"]


def test_a_hidden_column_is_read_and_named(path: Path, settings: Settings) -> None:
    rows = [("Ел. пошта", "Status"), ("a@b.org", "active"), ("c@d.org", "unsubscribed")]
    write_book(path, [Sheet("Голови", rows, hidden_columns=[2])])
    with open_list(path, path.name, Columns(settings.fields)) as source:
        assert [cells for _, cells in source.rows] == [
            {"email": "a@b.org"},
            {"email": "c@d.org", "mail_status": "left"},
        ]
    assert source.notes == ["The column 'Status' is hidden in the sheet; it is read like the others."]


@pytest.mark.parametrize(
    "row",
    [
        b"<row r='2' spans='1:1' hidden='true' ht='0'><c t='inlineStr'><is><t>a@b.org</t></is></c></row>",
        PREFIXED,
        b'<row hidden="1"><c t="inlineStr"><is><t>a@b.org</t></is></c></row>',
    ],
)
def test_a_hidden_row_is_known_however_it_is_written(path: Path, settings: Settings, row: bytes) -> None:
    head = b'<row r="1"><c t="inlineStr"><is><t>email</t></is></c></row>'
    last = b'<row r="3"><c t="inlineStr"><is><t>c@d.org</t></is></c></row>'
    write_book(path, [Sheet("Лист1", [head, row, last])])
    found, source = read(path, settings)
    assert found == ["c@d.org"]
    assert source.passed["hidden"] == 1


def test_cells_of_several_lines_hold_sections_a_line_each(path: Path, settings: Settings) -> None:
    write_book(path, [Sheet("Лист1", [("email", "name", "sections"), ("a@b.org", "А\nБ", "social\nОсвіта")])])
    with open_list(path, path.name, Columns(settings.fields)) as source:
        assert list(source.rows) == [(2, {"email": "a@b.org", "name": "А Б", "sections": "social;Освіта"})]
