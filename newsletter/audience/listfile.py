"""A list's file as lines of cells: CSV in whatever encoding and with whatever delimiter, or YAML."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from newsletter.audience.columns import EMAIL, Columns
from newsletter.audience.encoding import survey
from newsletter.audience.entries import BLANK, Refusal, clean
from newsletter.audience.formulas import unguard
from newsletter.errors import ContentError, Place, Problem, Severity
from newsletter.yamlfile import load

DELIMITERS = (",", ";", "\t")
_SHEETS = (".xlsx", ".xls", ".ods", ".numbers")

Row = tuple[int, dict[str, str] | Refusal]


@dataclass(frozen=True, slots=True)
class ListFile:
    """An open list: rows as (line, cells by column), the ignored columns, how many lines, its encoding."""

    rows: Iterable[Row]
    problems: list[Problem]
    lines: int
    encoding: str


@contextmanager
def open_list(path: Path, name: str, columns: Columns) -> Iterator[ListFile]:
    """Open the list at `path`, called `name` in problems. Raises ContentError when it is not a list."""
    if path.suffix.lower() in _SHEETS:
        raise _not_a_list(name, "this is a spreadsheet", "Save it as CSV in UTF-8 and give that file.")
    read = _yaml if path.suffix.lower() in (".yaml", ".yml") else _csv
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
        rows, problems = read(file, name, columns)
        yield ListFile(rows, problems, lines, encoding)


def _not_a_list(name: str, text: str, hint: str) -> ContentError:
    return ContentError(Problem(severity=Severity.ERROR, text=text, at=Place(name), hint=hint))


def _ignored(heading: str, at: Place, columns: Columns) -> Problem:
    return Problem(
        severity=Severity.WARNING,
        text=f"the column {heading!r} is not known here and is ignored",
        at=at,
        hint=columns.nearest(heading),
    )


def _csv(file: IO[str], name: str, columns: Columns) -> tuple[Iterable[Row], list[Problem]]:
    numbered = iter(enumerate(file, 1))
    first, top = next(((number, text) for number, text in numbered if text.strip()), (0, ""))
    delimiter = max(DELIMITERS, key=lambda one: columns.recognised(_headings(top, one)))
    headings = _headings(top, delimiter)
    found = [columns.match(heading) for heading in headings]
    if EMAIL not in found:
        raise _not_a_list(
            name,
            "the first line names no column of addresses",
            f"Begin the file with a line such as: {','.join(columns.names)}",
        )
    for number, column in enumerate(found):
        if column and column in found[:number]:
            raise _not_a_list(name, f"two columns mean {column!r}", "Take one of them out.")
    problems = [
        _ignored(heading, Place(name, first), columns)
        for heading, column in zip(headings, found, strict=True)
        if heading and not column
    ]
    return _csv_rows(numbered, delimiter, found), problems


def _headings(text: str, delimiter: str) -> list[str]:
    try:
        return _split(text, delimiter)
    except csv.Error:
        return []


def _csv_rows(
    numbered: Iterable[tuple[int, str]], delimiter: str, columns: list[str | None]
) -> Iterator[Row]:
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
        if any(cells[len(columns) :]):
            yield (
                number,
                Refusal(
                    f"{len(cells)} cells under {len(columns)} headings",
                    f"Put a cell that holds {delimiter!r} in double quotes.",
                ),
            )
            continue
        yield number, {column: unguard(cell) for column, cell in zip(columns, cells, strict=False) if column}


def _split(text: str, delimiter: str) -> list[str]:
    """Cut one line into cells. Raises csv.Error where its quotes do not match."""
    cells = next(csv.reader((text.rstrip("\r\n"),), delimiter=delimiter, strict=True), [])
    return [clean(cell) for cell in cells]


def _yaml(file: IO[str], name: str, columns: Columns) -> tuple[Iterable[Row], list[Problem]]:
    document = load(file.read(), name)
    people = [] if document.data is None else document.data
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise _not_a_list(
            name, "this is not a list of people", "Begin each person with a line such as: - email: a@b.org"
        )
    rows = [(document.place((number,)).line, _cells(person, columns)) for number, person in enumerate(people)]
    unknown: dict[str, Place] = {}
    for number, person in enumerate(people):
        for heading in person:
            if not columns.match(str(heading)):
                unknown.setdefault(str(heading), document.place((number, heading)))
    return rows, [_ignored(heading, at, columns) for heading, at in unknown.items()]


def _cells(person: Mapping[Any, Any], columns: Columns) -> dict[str, str] | Refusal:
    cells: dict[str, str] = {}
    for heading, value in person.items():
        column = columns.match(str(heading))
        if column is None:
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
