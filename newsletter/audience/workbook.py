"""Read the sheets of .xlsx files as rows of text, in a child process with memory and time limits.

A file of some kilobytes can expand to gigabytes (a zip bomb, or a cell at the far corner of a sheet); then
the child process ends, and a ContentError is raised here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from newsletter.audience import sheetreader
from newsletter.errors import ContentError, Place, Problem
from newsletter.limited import Child, ChildFailedError, LimitExceededError, Limits, child

_LIMITS = Limits(memory=1 << 30, seconds=120)
"""Bytes and seconds; a list of a million people needs about half of the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: its name, number of rows, hidden rows and columns (counted from 1), and its first rows."""

    name: str
    height: int
    hidden: frozenset[int]
    hidden_columns: frozenset[int]
    head: Sequence[list[str]]


class Workbook:
    """An open workbook; `sheets` maps each name to whether the sheet is hidden.

    Its visible sheets, or the wanted one, are read one after the other.
    """

    def __init__(self, reader: Child, name: str) -> None:
        self._reader = reader
        self._name = name
        self.sheets: dict[str, bool] = {one["name"]: one["hidden"] for one in self._answer()["sheets"]}
        self._left = 0

    def next_sheet(self) -> Sheet | None:
        """Return the next sheet, or None after the last. Raises ContentError when it cannot be read."""
        for _ in range(self._left):
            self._read()
        self._left = 0
        answer = self._answer()
        if not answer:
            return None
        height = answer["height"]
        head = [self._read() for _ in range(min(height, sheetreader.HEAD))]
        self._left = height - len(head)
        return Sheet(
            name=answer["name"],
            height=height,
            hidden=_numbers(answer["hidden_rows"]),
            hidden_columns=_numbers(answer["hidden_columns"]),
            head=head,
        )

    def rows(self, sheet: Sheet) -> Iterator[list[str]]:
        """Iterate over all rows of `sheet`, which must be the last one returned by next_sheet."""
        left, self._left = self._left, 0
        return chain(sheet.head, (self._read() for _ in range(left)))

    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._read()
        if "error" in answer:
            raise self._unreadable(answer["error"], answer["hint"])
        return answer

    def _read(self) -> Any:
        try:
            return self._reader.read()
        except LimitExceededError:
            text, hint = "it is too large to read", "Split the list, or save it as CSV in UTF-8."
        except ChildFailedError:
            text, hint = "the file is damaged", "Save it again from the spreadsheet, or as CSV."
        raise self._unreadable(text, hint)

    def _unreadable(self, text: str, hint: str) -> ContentError:
        return ContentError(Problem.error(text, Place(self._name), hint))


@contextmanager
def open_workbook(path: Path, name: str, wanted: str | None = None) -> Iterator[Workbook]:
    """Context manager: open a workbook, called `name` in problems; `wanted` is the only sheet to read.

    Raises ContentError when it cannot be read, also later while its rows are read.
    """
    words = [str(path.absolute()), *([wanted] if wanted else [])]
    with child(sheetreader.__name__, *words, limits=_LIMITS) as reader:
        yield Workbook(reader, name)


def _numbers(runs: Sequence[tuple[int, int]]) -> frozenset[int]:
    return frozenset(number for first, last in runs for number in range(first, last + 1))
