"""Child process of `workbook`: reads a workbook under memory and time limits."""

import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from posixpath import join, normpath
from typing import IO, Any
from zipfile import ZipFile

from python_calamine import CalamineError, CalamineSheet, PasswordError, SheetVisibleEnum, load_workbook

from newsletter.errors import Message
from newsletter.limited import answer

HEAD = 25
"""Rows at the top of a sheet among which the headings are searched for."""
_BLOCK = 1 << 20
_WIDTH, _HEIGHT = 16_384, 1_048_576  # largest sheet, ECMA-376 part 1


def main(path: str, wanted: str | None = None) -> Iterator[Any]:
    """Yield the sheets of a workbook, then for each visible one (or `wanted`) a description and its rows."""
    try:
        with load_workbook(path) as workbook:
            sheets = {
                sheet.name: sheet.visible != SheetVisibleEnum.Visible for sheet in workbook.sheets_metadata
            }
            if wanted is not None and wanted not in sheets:
                yield _no_sheet(wanted, sheets)
                return
            yield {"sheets": [{"name": name, "hidden": hidden} for name, hidden in sheets.items()]}
            for name in [wanted] if wanted else [name for name, hidden in sheets.items() if not hidden]:
                yield from _sheet(path, workbook.get_sheet_by_name(name))
                sys.stdout.flush()  # the next sheet may exceed the limits and end this process
            yield {}
    except PasswordError:
        yield {"error": "it is protected by a password", "hint": "Save it without a password."}
    except (CalamineError, IndexError):
        yield {
            "error": "this is not an .xlsx workbook",
            "hint": "Save it again as .xlsx, or as CSV in UTF-8.",
        }


def _no_sheet(wanted: str, sheets: Iterable[str]) -> dict[str, str]:
    names = ", ".join(map(repr, sheets))
    return {
        "error": Message("it has no sheet %(wanted)r", wanted=wanted),
        "hint": Message("Its sheets are: %(names)s. Name one: --sheet NAME", names=names),
    }


def _sheet(path: str, sheet: CalamineSheet) -> Iterator[Any]:
    rows, columns = _hidden(path, sheet)
    height = sheet.end[0] + 1 if sheet.end else 0
    yield {"name": sheet.name, "height": height, "hidden_rows": rows, "hidden_columns": columns}
    for row in sheet.iter_rows():
        yield [_text(cell) for cell in row]


def _text(cell: str | float | bool | date | time | Any) -> str:  # noqa: FBT001  what a cell may hold
    """Return a cell as text, without its number format: 2025-03-12, 12, TRUE."""
    match cell:
        case str():
            return cell.replace("\r\n", "\n").replace("\r", "\n")
        case bool():
            return str(cell).upper()
        case float():
            return str(int(cell)) if cell.is_integer() else str(cell)
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "minutes")
        case _:
            return str(cell)


def _hidden(path: str, sheet: CalamineSheet) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the runs (first, last) of hidden rows and columns, from 1; calamine does not provide them."""
    if Path(path).suffix.lower() != ".xlsx":
        return [], []
    with ZipFile(path) as file:
        part = _part(file, sheet.name)
        if part is None or not _mentions(file, part):
            return [], []
        with file.open(part) as source:
            return _read_hidden(source)


def _part(file: ZipFile, sheet: str) -> str | None:
    """Return the path of a sheet in the archive, by its relationship id (ECMA-376 part 1, §18.2.19)."""
    from lxml import etree  # noqa: PLC0415  only workbooks need it

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    book = etree.fromstring(file.read("xl/workbook.xml"), parser)
    related = etree.fromstring(file.read("xl/_rels/workbook.xml.rels"), parser)
    for entry in book.iter("{*}sheet"):
        number = next((value for key, value in entry.attrib.items() if str(key).endswith("}id")), None)
        if entry.get("name") != sheet:
            continue
        for one in related.iter("{*}Relationship"):
            if one.get("Id") == number:
                part = normpath(join("xl", one.get("Target", ""))).lstrip("/")
                return part if part in file.namelist() else None
    return None


def _mentions(file: ZipFile, part: str) -> bool:
    """Return whether a sheet may have hidden rows or columns; most have none and need not be parsed."""
    before = b""
    with file.open(part) as source:
        while block := source.read(_BLOCK):
            if b"hidden" in before + block or b"zeroHeight" in before + block:
                return True
            before = block[-10:]
    return False


def _read_hidden(source: IO[bytes]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    from lxml import etree  # noqa: PLC0415  only workbooks need it

    rows: list[tuple[int, int]] = []
    columns: list[tuple[int, int]] = []
    number = 0
    parsed = etree.iterparse(
        source, events=("start", "end"), tag=("{*}row", "{*}col"), resolve_entities=False
    )
    for event, element in parsed:
        if event == "end":
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
        elif element.tag.endswith("}col"):
            if _is_true(element.get("hidden")):
                columns.append((int(element.get("min")), min(int(element.get("max")), _WIDTH)))
        else:
            number = int(element.get("r") or number + 1)
            if number <= _HEIGHT and _is_true(element.get("hidden")):
                if rows and rows[-1][1] == number - 1:
                    rows[-1] = (rows[-1][0], number)
                else:
                    rows.append((number, number))
    return rows, columns


def _is_true(value: str | None) -> bool:
    return value in ("1", "true")


if __name__ == "__main__":
    answer(main)
