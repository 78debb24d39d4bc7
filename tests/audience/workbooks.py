"""Writes .xlsx workbooks, as small as the format allows."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DAYS = 1
"""The style of a cell whose number is a date."""


def _related(*targets: tuple[str, str]) -> str:
    related = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>'


def write_workbook(
    path: Path, rows: Iterable[Sequence[str | int | float | bool]], sheet: str = "Лист1"
) -> None:
    """Write rows of texts, numbers and truth values."""
    write_sheet(path, (_row(number, cells).encode() for number, cells in enumerate(rows, 1)), sheet)


def write_sheet(path: Path, rows: Iterable[bytes], sheet: str = "Лист1") -> None:
    """Write a sheet whose rows are given as XML."""
    write_book(path, [Sheet(sheet, rows)])


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, its rows as texts or as XML, whether it is hidden, and what of it is."""

    name: str
    rows: Iterable[bytes | Sequence[str]]
    hidden: bool = False
    hidden_rows: Container[int] = ()
    hidden_columns: Sequence[int] = ()


def write_book(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write a workbook of several sheets."""
    numbered = list(enumerate(sheets, 1))
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        parts = "".join(
            f'<Override PartName="/xl/sheet{number}.xml" ContentType="{_KIND}.worksheet+xml"/>'
            for number, _ in numbered
        )
        file.writestr(
            "[Content_Types].xml",
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{parts}</Types>',
        )
        file.writestr("_rels/.rels", _related(("officeDocument", "xl/workbook.xml")))
        file.writestr(
            "xl/_rels/workbook.xml.rels",
            _related(
                *(("worksheet", f"sheet{number}.xml") for number, _ in numbered), ("styles", "styles.xml")
            ),
        )
        listed = "".join(
            f'<sheet name={quoteattr(sheet.name)} sheetId="{number}" r:id="r{number}"'
            f' state="{"hidden" if sheet.hidden else "visible"}"/>'
            for number, sheet in numbered
        )
        file.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        )
        file.writestr(
            "xl/styles.xml",
            f'{_HEAD}<styleSheet xmlns="{_SHEETS}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
            "</styleSheet>",
        )
        for number, sheet in numbered:
            with file.open(f"xl/sheet{number}.xml", "w", force_zip64=True) as cells:
                _write(cells, sheet)


def _write(cells: IO[bytes], sheet: Sheet) -> None:
    cells.write(f'{_HEAD}<worksheet xmlns="{_SHEETS}">'.encode())
    if sheet.hidden_columns:
        columns = "".join(f'<col min="{one}" max="{one}" hidden="1"/>' for one in sheet.hidden_columns)
        cells.write(f"<cols>{columns}</cols>".encode())
    cells.write(b"<sheetData>")
    for number, row in enumerate(sheet.rows, 1):
        if not isinstance(row, bytes):
            row = _row(number, row, hidden=number in sheet.hidden_rows).encode()  # noqa: PLW2901
        cells.write(row)
    cells.write(b"</sheetData></worksheet>")


def _row(number: int, cells: Sequence[str | int | float | bool], *, hidden: bool = False) -> str:
    return f'<row r="{number}" hidden="{hidden:d}">{"".join(map(_cell, cells))}</row>'


def _cell(value: str | float | bool) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    return f"<c><v>{value}</v></c>"
