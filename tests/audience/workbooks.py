"""Writes .xlsx workbooks of one sheet, as small as the format allows."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DAYS = 1
"""The style of a cell whose number is a date."""


def _related(kind: str, target: str) -> str:
    return (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1"'
        f' Type="{_OFFICE}/{kind}" Target="{target}"/><Relationship Id="r2" Type="{_OFFICE}/styles"'
        ' Target="styles.xml"/></Relationships>'
    )


def write_workbook(
    path: Path, rows: Iterable[Sequence[str | int | float | bool]], sheet: str = "Лист1"
) -> None:
    """Write rows of texts, numbers and truth values."""
    write_sheet(path, (_row(number, cells).encode() for number, cells in enumerate(rows, 1)), sheet)


def write_sheet(path: Path, rows: Iterable[bytes], sheet: str = "Лист1") -> None:
    """Write a sheet whose rows are given as XML."""
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        file.writestr(
            "[Content_Types].xml",
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
            f'<Override PartName="/xl/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
        )
        file.writestr("_rels/.rels", _related("officeDocument", "xl/workbook.xml"))
        file.writestr("xl/_rels/workbook.xml.rels", _related("worksheet", "sheet1.xml"))
        file.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name={quoteattr(sheet)} sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        file.writestr(
            "xl/styles.xml",
            f'{_HEAD}<styleSheet xmlns="{_SHEETS}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
            "</styleSheet>",
        )
        with file.open("xl/sheet1.xml", "w", force_zip64=True) as cells:
            cells.write(f'{_HEAD}<worksheet xmlns="{_SHEETS}"><sheetData>'.encode())
            cells.writelines(rows)
            cells.write(b"</sheetData></worksheet>")


def _row(number: int, cells: Sequence[str | int | float | bool]) -> str:
    return f'<row r="{number}">{"".join(map(_cell, cells))}</row>'


def _cell(value: str | float | bool) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    return f"<c><v>{value}</v></c>"
