"""CSV parser (RFC 4180) that gives each row with its first line number; quoted cells may span lines.

Where quotes do not match, every line that may belong to the broken cell is refused, so that text inside a
cell never becomes a row of its own. Also: the encoding of a list, and cells that look like formulas.
"""

import codecs
import csv
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from newsletter.audience.entries import BLANK, clean

_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_WIDE = ["utf_16_le", "utf_16_be"]
_CYRILLIC = ["cp1251", "koi8_u", "mac_cyrillic"]
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""Characters of OWASP's page "CSV Injection", full-width ones included."""
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


def survey(path: Path) -> tuple[str | None, int]:
    """Read the file once; return its encoding (None when it is not text) and its number of line ends."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, is_utf8, beyond_ascii = 0, True, b""
    with path.open("rb") as file:
        head = block = file.read(_BLOCK)
        while block:
            lines += block.count(b"\n")
            try:
                is_utf8 = is_utf8 and decoder.decode(block) is not None
            except UnicodeDecodeError:
                is_utf8 = False
            if len(beyond_ascii) < _SAMPLE:
                beyond_ascii += b"\n".join(line for line in block.splitlines() if not line.isascii())
            block = file.read(_BLOCK)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", lines
    if head.count(0) > len(head) // 8:  # in UTF-16 every Latin letter has a zero byte
        return _best(head, _WIDE), lines
    if is_utf8 or _is_mostly_utf8(beyond_ascii[:_SAMPLE]):
        return "utf-8-sig", lines
    return (None if b"\0" in head else _best(beyond_ascii, _CYRILLIC)), lines


def _is_mostly_utf8(sample: bytes) -> bool:
    """Return whether the sample is UTF-8 with some invalid bytes, not an older encoding."""
    text = sample.decode(errors="replace")
    broken = text.count("\ufffd")
    return sum(not letter.isascii() for letter in text) > 2 * broken


def _best(sample: bytes, encodings: list[str]) -> str | None:
    found = from_bytes(sample[:_SAMPLE], cp_isolation=encodings).best()
    return found.encoding if found else None


def guard(cell: str) -> str:
    """Return `cell` with a quote in front where a spreadsheet would run it as a formula.

    `=x@a.org` and `+a@x.de` are valid addresses.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguard(cell: str) -> str:
    """Undo `guard`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
