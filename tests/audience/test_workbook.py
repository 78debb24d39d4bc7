"""Workbooks give their cells as text, and a file made to exhaust the machine is refused."""

import resource
import time
from pathlib import Path

import pytest

from newsletter.audience.workbook import open_workbook
from newsletter.errors import ContentError
from tests.audience.workbooks import DAYS, write_sheet, write_workbook


def rows(path: Path, wanted: str | None = None) -> list[list[str]]:
    with open_workbook(path, path.name, wanted) as workbook:
        sheet = workbook.next_sheet()
        assert sheet
        return list(workbook.rows(sheet))


def refused(path: Path, wanted: str | None = None) -> str:
    with pytest.raises(ContentError) as caught:
        rows(path, wanted)
    assert caught.value.problems[0].hint
    return str(caught.value)


def test_cells_are_text_as_the_sheet_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_workbook(path, [("Ім'я <&>", "a\nb", " x "), (7, 7.0, 0.5), (True, 380501234567, "")])
    assert rows(path) == [["Ім'я <&>", "a\nb", " x "], ["7", "7", "0.5"], ["TRUE", "380501234567", ""]]


def test_a_date_is_a_day(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_sheet(path, [f'<row><c s="{DAYS}"><v>45728</v></c><c s="{DAYS}"><v>45728.5</v></c></row>'.encode()])
    assert rows(path) == [["2025-03-12", "2025-03-12 12:00"]]


def test_rows_above_the_first_filled_one_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_sheet(path, [b'<row r="3"><c r="B3"><v>1</v></c></row><row r="5"><c r="B5"><v>2</v></c></row>'])
    found = rows(path)
    assert [[cell for cell in row if cell] for row in found] == [[], [], ["1"], [], ["2"]]


def test_a_sheet_is_asked_for_by_name(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_workbook(path, [("a",)], "Голови")
    assert rows(path, "Голови") == [["a"]]
    assert "it has no sheet 'Інші'\n  Its sheets are: 'Голови'" in refused(path, "Інші")


def test_an_empty_sheet_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_workbook(path, [])
    assert rows(path) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"email\na@b.org\n", bytes(range(256)) * 40])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    assert "this is not an .xlsx workbook" in refused(path)


def test_a_workbook_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_workbook(path, [("a",)] * 1000)
    path.write_bytes(path.read_bytes()[:-300])
    refused(path)


def test_a_cell_at_the_far_corner_takes_no_memory_here(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_sheet(
        path,
        [b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'],
    )
    assert "too large to read" in refused(path)


def test_a_small_file_that_unfolds_into_gigabytes_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    text = b"a" * 1_000_000
    write_sheet(path, (b'<row><c t="inlineStr"><is><t>%b</t></is></c></row>' % text for _ in range(1_100)))
    assert path.stat().st_size < 3_000_000
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    assert "too large to read" in refused(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kilobytes
    assert time.monotonic() - start < 60


def test_who_stops_reading_half_way_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_workbook(path, [("a" * 1000,)] * 5000)
    with open_workbook(path, path.name) as workbook:
        sheet = workbook.next_sheet()
        assert sheet
        next(workbook.rows(sheet))
