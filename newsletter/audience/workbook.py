"""Sheets of .xlsx files as rows of text, read in a process of their own under limits of memory and time.

A file of some kilobytes can unfold into gigabytes, by its compression or by a cell at the far corner of the
sheet; then that process ends, and this one says so.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from newsletter.audience import sheetreader
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.limited import Child, ChildFailedError, LimitExceededError, Limits, child

_LIMITS = Limits(memory=1 << 30, seconds=120)
"""A list of a million people needs about half of the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: its name, how many rows there are, which are hidden, and the first of them.

    Rows and columns count from 1.
    """

    name: str
    height: int
    hidden: frozenset[int]
    hidden_columns: frozenset[int]
    head: Sequence[list[str]]


class Workbook:
    """An open workbook: its sheets by name, True where a sheet is hidden.

    Its sheets are read one after the other, the visible ones, or the one that is wanted.
    """

    def __init__(self, reader: Child, name: str) -> None:
        self._reader = reader
        self._name = name
        self.sheets: dict[str, bool] = {one["name"]: one["hidden"] for one in self._told()["sheets"]}
        self._left = 0

    def next_sheet(self) -> Sheet | None:
        """Return the next sheet, None after the last. Raises ContentError when it cannot be read."""
        for _ in range(self._left):
            self._read()
        self._left = 0
        told = self._told()
        if not told:
            return None
        height = told["height"]
        head = [self._read() for _ in range(min(height, sheetreader.HEAD))]
        self._left = height - len(head)
        return Sheet(
            name=told["name"],
            height=height,
            hidden=_numbers(told["hidden_rows"]),
            hidden_columns=_numbers(told["hidden_columns"]),
            head=head,
        )

    def rows(self, sheet: Sheet) -> Iterator[list[str]]:
        """Yield every row of `sheet`, which was the last one returned."""
        left, self._left = self._left, 0
        return chain(sheet.head, (self._read() for _ in range(left)))

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = self._read()
        if "error" in told:
            raise self._unreadable(told["error"], told["hint"])
        return told

    def _read(self) -> Any:
        try:
            return self._reader.read()
        except LimitExceededError:
            text, hint = "it is too large to read", "Split the list, or save it as CSV in UTF-8."
        except ChildFailedError:
            text, hint = "the file is damaged", "Save it anew from the spreadsheet, or as CSV."
        raise self._unreadable(text, hint)

    def _unreadable(self, text: str, hint: str) -> ContentError:
        return ContentError(Problem(severity=Severity.ERROR, text=text, at=Place(self._name), hint=hint))


@contextmanager
def open_workbook(path: Path, name: str, wanted: str | None = None) -> Iterator[Workbook]:
    """Open a workbook, called `name` in problems; `wanted` is the only sheet to read.

    Raises ContentError when it cannot be read, also while its rows are.
    """
    words = [str(path.absolute()), *([wanted] if wanted else [])]
    with child(sheetreader.__name__, *words, limits=_LIMITS) as reader:
        yield Workbook(reader, name)


def _numbers(runs: Sequence[tuple[int, int]]) -> frozenset[int]:
    return frozenset(number for first, last in runs for number in range(first, last + 1))
