"""CSV parser (RFC 4180) that gives each row with its first line number; quoted cells may span lines.

Where quotes do not match, every line that may belong to the broken cell is refused, so that text inside a
cell never becomes a row of its own.
"""

import csv
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from newsletter.audience.entries import BLANK, clean

DELIMITERS = (",", ";", "\t")
_LONGEST = 131_072
"""Characters; the default field size limit of the csv module."""
_SEP_LINE = re.compile(r'\s*"?sep=(.)"?\s*')
"""Excel's `sep=;` line above the headings, which names the delimiter; many exporters write it."""
_CLOSING = re.compile(r'[^"]"(?:"")*$')


@dataclass(frozen=True, slots=True)
class Broken:
    """A run of lines up to `last` with unbalanced double quotes; none of them is usable."""

    last: int


Cells = list[str] | Broken
Record = tuple[int, Cells]
"""The first line of a row, and its raw cells."""


class Records:
    """Iterator over the rows of CSV lines; counts physical lines from `first`."""

    def __init__(self, lines: Iterable[str], delimiter: str, first: int = 1) -> None:
        self._lines = iter(lines)
        self._delimiter = delimiter
        self._line = first
        self._ahead: deque[str] = deque()
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[Record]:
        reader = self._reader()
        while True:
            self._taken.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                lines = self._doubtful()
                yield self._line, Broken(self._line + lines - 1)
                self._line += lines
                reader = self._reader()
                continue
            yield self._line, cells
            self._line += len(self._taken)

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, skipinitialspace=True, strict=True)

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._ahead.popleft() if self._ahead else next(self._lines, None)
            if line is None:
                return
            self._taken.append(line)
            yield line

    def _doubtful(self) -> int:
        """Return how many lines, from the row's first, may belong to the broken cell.

        These are the lines already read, and those up to the next line that closes a cell without opening
        it.
        """
        read = len(self._taken)
        seen = 0
        for number in range(_LONGEST):
            if number == len(self._ahead):
                line = next(self._lines, None)
                if line is None:
                    return read
                self._ahead.append(line)
            line = self._ahead[number]
            seen += len(line)
            if seen > _LONGEST:
                return read
            if self._closes(line):
                for _ in range(number + 1):
                    self._ahead.popleft()
                return read + number + 1
        return read

    def _closes(self, line: str) -> bool:
        """Return whether a line, taken alone, ends a quoted cell that began on an earlier line."""
        if '"' not in line:
            return False
        return any(
            not cell.lstrip(BLANK).startswith('"') and cell.count('"') % 2 and _CLOSING.search(cell)
            for cell in (cell.rstrip(BLANK + "\r\n") for cell in line.split(self._delimiter))
        )


def separator(line: str) -> str | None:
    """Return the delimiter from a line such as `sep=;`, or None for any other line."""
    found = _SEP_LINE.fullmatch(line)
    return found[1] if found else None


def first_records(lines: Iterable[str], delimiter: str, number: int) -> list[Record]:
    """Return up to `number` rows from the beginning of a file, without broken or cut-off ones."""
    return [record for record in islice(Records(lines, delimiter), number) if isinstance(record[1], list)]


def trimmed(cells: list[str]) -> list[str]:
    """Return cells normalised for storage: trimmed, NFC, line breaks replaced by spaces."""
    text = "".join(cells)
    if "\n" in text or "\r" in text:
        cells = [" ".join(cell.split()) if "\n" in cell or "\r" in cell else cell for cell in cells]
    if unicodedata.is_normalized("NFC", text):
        return [cell.strip(BLANK) for cell in cells]
    return [clean(cell) for cell in cells]
