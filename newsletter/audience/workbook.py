"""Sheets of .xlsx files as rows of text, read in a process of their own under limits of memory and time.

A file of some kilobytes can unfold into gigabytes, by its compression or by a cell at the far corner of the
sheet; then that process ends, and this one says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, PasswordError, WorksheetNotFound, load_workbook

from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.limited import Child, ChildFailedError, LimitExceededError, Limits, answer, child

_LIMITS = Limits(memory=1 << 30, seconds=120)
"""A list of a million people needs about half of the memory."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open sheet: its name, how many rows there are, and the rows from the first of the sheet on."""

    name: str
    height: int
    rows: Iterator[list[str]]


@contextmanager
def open_sheet(path: Path, name: str, wanted: str | None) -> Iterator[Sheet]:
    """Open sheet `wanted` of a workbook, by default the first, called `name` in problems.

    Raises ContentError when it cannot be read, also while its rows are.
    """
    with child(__name__, str(path.absolute()), *([wanted] if wanted else []), limits=_LIMITS) as reader:
        head = _read(reader, name)
        if "error" in head:
            raise _unreadable(name, head["error"], head["hint"])
        yield Sheet(head["name"], head["height"], (_read(reader, name) for _ in range(head["height"])))


def _read(reader: Child, name: str) -> Any:
    try:
        return reader.read()
    except LimitExceededError:
        text, hint = "it is too large to read", "Split the list, or save it as CSV in UTF-8."
    except ChildFailedError:
        text, hint = "the file is damaged", "Save it anew from the spreadsheet, or as CSV."
    raise _unreadable(name, text, hint)


def _unreadable(name: str, text: str, hint: str) -> ContentError:
    return ContentError(Problem(severity=Severity.ERROR, text=text, at=Place(name), hint=hint))


def _main(path: str, wanted: str | None = None) -> Iterator[Any]:
    """Yield what is known of a sheet, and then each of its rows."""
    try:
        with load_workbook(path) as workbook:
            sheet = workbook.get_sheet_by_name(wanted or workbook.sheet_names[0])
    except PasswordError:
        yield _refusal("it is protected by a password", "Save it without one.")
    except WorksheetNotFound:
        names = ", ".join(map(repr, workbook.sheet_names))
        yield _refusal(f"it has no sheet {wanted!r}", f"Its sheets are: {names}. Name one: --sheet NAME")
    except (CalamineError, IndexError):
        yield _refusal("this is not an .xlsx workbook", "Save it anew as .xlsx, or as CSV in UTF-8.")
    else:
        yield {"name": sheet.name, "height": sheet.end[0] + 1 if sheet.end else 0}
        for row in sheet.iter_rows():
            yield [_text(cell) for cell in row]


def _refusal(text: str, hint: str) -> dict[str, str]:
    return {"error": text, "hint": hint}


def _text(cell: str | float | bool | date | time | Any) -> str:  # noqa: FBT001  what a cell may hold
    """Return what a cell shows, without its number format: 2025-03-12, 12, TRUE."""
    match cell:
        case str():
            return " ".join(cell.split("\n")).replace("\r", "")
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


if __name__ == "__main__":
    answer(_main)
