"""A list's file as lines of cells: CSV in whatever encoding and with whatever delimiter, .xlsx, or YAML."""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from newsletter.audience.columns import EMAIL, IGNORED, Columns
from newsletter.audience.encoding import survey
from newsletter.audience.entries import BLANK, Refusal, clean
from newsletter.audience.formulas import unguard
from newsletter.audience.workbook import open_sheet
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.yamlfile import load

DELIMITERS = (",", ";", "\t")
_SHEETS = (".xls", ".xlsb", ".ods", ".numbers")
_LONGEST = 131_072
"""Characters of a cell that the csv module takes; what is longer is no cell of a list."""
_LARGEST_YAML = 20_000_000
"""Characters; longer lists are quicker read as CSV."""

Row = tuple[int, dict[str, str] | Refusal]
Headings = Mapping[str, str]
"""What columns the headings of a list mean, IGNORED among them."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """An open list: its name in problems, headings, rows as (line, cells by column), how many lines.

    `encoding` is empty where a file says it itself.
    """

    name: str
    headings: Headings
    rows: Iterable[Row]
    lines: int
    encoding: str = ""


@contextmanager
def open_list(path: Path, name: str, columns: Columns, sheet: str | None = None) -> Iterator[ListFile]:
    """Open the list at `path`, called `name` in problems; `sheet` is the one wanted of a workbook.

    Raises ContentError when it is not a list, or has a heading that is not known.
    """
    kind = path.suffix.lower()
    if kind in _SHEETS:
        raise _not_a_list(name, f"{kind} files are not read", "Save it as .xlsx, or as CSV in UTF-8.")
    if kind == ".xlsx":
        with open_sheet(path, name, sheet) as source:
            place = f"{name}[{source.name}]"
            headings, rows = _table(enumerate(source.rows, 1), place, columns)
            yield ListFile(place, headings, rows, source.height)
        return
    if sheet is not None:
        raise _not_a_list(name, "this file has no sheets", "Leave out --sheet.")
    read = _yaml if kind in (".yaml", ".yml") else _csv
    try:
        encoding, lines = survey(path)
        if encoding is None:
            raise _not_a_list(name, "this is not a text file", "Save the list as CSV in UTF-8.")
        file = path.open(encoding=encoding, errors="replace", newline="")
    except OSError as error:
        raise _not_a_list(
            name, f"cannot be read: {error.strerror}", "Check the path and its rights."
        ) from None
    with file:
        headings, rows = read(file, name, columns)
        yield ListFile(name, headings, rows, lines, encoding)


def _not_a_list(name: str, text: str, hint: str) -> ContentError:
    return ContentError(Problem(severity=Severity.ERROR, text=text, at=Place(name), hint=hint))


def _unknown(heading: str, at: Place, columns: Columns) -> Problem:
    return Problem(
        severity=Severity.ERROR,
        text=f"the column {heading!r} is not known here",
        at=at,
        hint=columns.cure(heading),
    )


def _matched(headings: Sequence[str], at: Place, columns: Columns) -> list[str]:
    """Return the column of each heading, IGNORED for an empty one. Raises ContentError."""
    found = [columns.match(heading) if heading else IGNORED for heading in headings]
    if EMAIL not in found:
        raise _not_a_list(
            at.path,
            "the first line names no column of addresses",
            f"Begin the list with a line such as: {','.join(columns.names)}, or name the column:"
            f' --column {EMAIL}="HEADING"',
        )
    if faults := [
        _unknown(heading, at, columns) for heading, column in zip(headings, found, strict=True) if not column
    ]:
        raise ContentError(faults)
    known = [column for column in found if column]
    for number, column in enumerate(known):
        if column != IGNORED and column in known[:number]:
            raise _not_a_list(at.path, f"two columns mean {column!r}", "Take one of them out.")
    return known


def _table(
    rows: Iterable[tuple[int, Sequence[str]]], name: str, columns: Columns
) -> tuple[Headings, Iterable[Row]]:
    filled = ((number, cells) for number, cells in rows if any(map(str.strip, cells)))
    first, top = next(filled, (0, ()))
    headings = [clean(cell) for cell in top]
    found = _matched(headings, Place(name, first), columns)
    return dict(zip(headings, found, strict=True)), (
        (number, _by_column([clean(cell) for cell in cells], found)) for number, cells in filled
    )


def _by_column(cells: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    taken = dict(zip(columns, cells, strict=False))
    taken.pop(IGNORED, None)
    return taken


def _csv(file: IO[str], name: str, columns: Columns) -> tuple[Headings, Iterable[Row]]:
    numbered = iter(enumerate(file, 1))
    first, top = next(((number, text) for number, text in numbered if text.strip()), (0, ""))
    delimiter = max(DELIMITERS, key=lambda one: columns.recognised(_headings(top, one)))
    headings = _headings(top, delimiter)
    found = _matched(headings, Place(name, first), columns)
    return dict(zip(headings, found, strict=True)), _csv_rows(numbered, delimiter, found)


def _headings(text: str, delimiter: str) -> list[str]:
    try:
        return _split(text, delimiter)
    except csv.Error:
        return []


def _csv_rows(numbered: Iterable[tuple[int, str]], delimiter: str, columns: list[str]) -> Iterator[Row]:
    blank = BLANK + delimiter + "\r\n"
    for number, text in numbered:
        if not text.strip(blank):
            continue
        try:
            cells = _split(text, delimiter)
        except csv.Error:
            yield (
                number,
                Refusal(
                    "the double quotes of this line do not match",
                    "A cell in quotes ends on its own line; write a quote inside it twice.",
                ),
            )
            continue
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            yield (
                number,
                Refusal(
                    f"{len(cells)} cells under {len(columns)} headings",
                    f"Put a cell that holds {delimiter!r} in double quotes.",
                ),
            )
            continue
        if "'" in text:
            cells = [unguard(cell) for cell in cells]
        yield number, _by_column(cells, columns)


def _split(text: str, delimiter: str) -> list[str]:
    """Cut one line into cells. Raises csv.Error where its quotes do not match."""
    line = text.rstrip("\r\n")
    if '"' in line or len(line) > _LONGEST:
        cells = next(csv.reader((line,), delimiter=delimiter, strict=True), [])
    else:
        cells = line.split(delimiter)
    if unicodedata.is_normalized("NFC", line):
        return [cell.strip(BLANK) for cell in cells]
    return [clean(cell) for cell in cells]


def _yaml(file: IO[str], name: str, columns: Columns) -> tuple[Headings, Iterable[Row]]:
    document = load(file.read(), name, largest=_LARGEST_YAML)
    people = [] if document.data is None else document.data
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise _not_a_list(
            name, "this is not a list of people", "Begin each person with a line such as: - email: a@b.org"
        )
    places: dict[str, Place] = {}
    for number, person in enumerate(people):
        for heading in person:
            places.setdefault(str(heading), document.place((number, heading)))
    headings = {heading: columns.match(heading) for heading in places}
    if faults := [
        _unknown(heading, places[heading], columns) for heading, column in headings.items() if not column
    ]:
        raise ContentError(faults)
    return {heading: column for heading, column in headings.items() if column}, [
        (document.place((number,)).line, _cells(person, columns)) for number, person in enumerate(people)
    ]


def _cells(person: Mapping[Any, Any], columns: Columns) -> dict[str, str] | Refusal:
    cells: dict[str, str] = {}
    for heading, value in person.items():
        column = columns.match(str(heading))
        if column is None or column == IGNORED:
            continue
        text = _scalar(value)
        if text is None:
            return Refusal(f"{heading!r} is not a line of text", "Put the value in quotes.")
        if column in cells:
            return Refusal(f"two of its keys mean {column!r}", "Take one of them out.")
        cells[column] = text
    return cells


def _scalar(value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ";".join(value)
    if isinstance(value, str | int) and not isinstance(value, bool):
        return clean(str(value))
    return "" if value is None else None
