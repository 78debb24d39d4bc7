"""Sheets of .xlsx files as rows of text, read in a process of their own under limits of memory and time.

A file of some kilobytes can unfold into gigabytes, by its compression or by a cell at the far corner of the
sheet; then that process ends, and this one says so.
"""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, PasswordError, WorksheetNotFound, load_workbook

from newsletter.errors import ContentError, Place, Problem, Severity

_MEMORY = 1 << 30
"""Octets of memory for reading a file; a list of a million people needs about half of it."""
_SECONDS = 120
_NO_MORE_SPACE = 3
"""The exit code of a reader that ran out of memory and could still say so."""


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
    words = [sys.executable, "-m", __name__, str(path.absolute()), *([wanted] if wanted else [])]
    with subprocess.Popen(  # noqa: S603  this very module
        words,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="ascii",
    ) as reader:
        try:
            head = json.loads(_line(reader, name))
            if "error" in head:
                raise _unreadable(name, head["error"], head["hint"])
            yield Sheet(head["name"], head["height"], _rows(reader, name, head["height"]))
        finally:
            reader.kill()


def _rows(reader: subprocess.Popen[str], name: str, height: int) -> Iterator[list[str]]:
    for _ in range(height):
        yield json.loads(_line(reader, name))


def _line(reader: subprocess.Popen[str], name: str) -> str:
    line = reader.stdout.readline() if reader.stdout else ""
    if not line.endswith("\n"):
        if reader.wait() in (_NO_MORE_SPACE, -signal.SIGABRT, -signal.SIGXCPU, -signal.SIGKILL):
            raise _unreadable(name, "it is too large to read", "Split the list, or save it as CSV in UTF-8.")
        raise _unreadable(name, "the file is damaged", "Save it anew from the spreadsheet, or as CSV.")
    return line


def _unreadable(name: str, text: str, hint: str) -> ContentError:
    return ContentError(Problem(severity=Severity.ERROR, text=text, at=Place(name), hint=hint))


def _main(path: str, wanted: str | None = None) -> None:
    """Print a sheet: a line of JSON about it, and one for each row."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        with load_workbook(path) as workbook:
            sheet = workbook.get_sheet_by_name(wanted or workbook.sheet_names[0])
    except PasswordError:
        _refuse("it is protected by a password", "Save it without one.")
    except WorksheetNotFound:
        names = ", ".join(map(repr, workbook.sheet_names))
        _refuse(f"it has no sheet {wanted!r}", f"Its sheets are: {names}. Name one: --sheet NAME")
    except (CalamineError, IndexError):
        _refuse("this is not an .xlsx workbook", "Save it anew as .xlsx, or as CSV in UTF-8.")
    else:
        _say({"name": sheet.name, "height": sheet.end[0] + 1 if sheet.end else 0})
        for row in sheet.iter_rows():
            _say([_text(cell) for cell in row])


def _say(value: object) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")


def _refuse(text: str, hint: str) -> None:
    _say({"error": text, "hint": hint})


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
    try:
        _main(*sys.argv[1:])
    except MemoryError:
        sys.exit(_NO_MORE_SPACE)
