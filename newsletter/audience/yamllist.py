"""Read a list of people from YAML: one mapping for each person, with headings as keys."""

from collections.abc import Mapping
from datetime import date
from typing import IO, Any

from newsletter.audience.columns import Columns
from newsletter.audience.entries import Refusal, clean
from newsletter.audience.headings import IGNORED, STATUS, TAGS
from newsletter.audience.layout import Layout, Row, lay_out, not_a_list
from newsletter.errors import Message, Place
from newsletter.yamlfile import load

_LARGEST = 20_000_000
"""Characters; a longer list should be CSV, which is faster."""
_MAY_BE_TWICE = (IGNORED, STATUS, TAGS)


def read_people(
    file: IO[str], name: str, columns: Columns, file_name: str
) -> tuple[Layout, list[tuple[int, Row]]]:
    """Return the layout of a list, and its people as (line, cells by column). Raises ContentError."""
    document = load(file.read(), name, largest=_LARGEST)
    people = [] if document.data is None else document.data
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise not_a_list(
            Place(name),
            "this is not a list of people",
            "Begin each person with a line such as: - email: a@b.org",
        )
    places: dict[str, Place] = {}
    for number, person in enumerate(people):
        for heading in person:
            places.setdefault(str(heading), document.place((number, heading)))
    headings = list(places)
    if not headings:
        return Layout(headings=(), columns=(), simple=True), []
    layout = lay_out(headings, lambda place: places[headings[place]], columns, file_name, once=False)
    order = {heading: place for place, heading in enumerate(headings)}
    return layout, [
        (document.place((number,)).line, _person(person, order, layout))
        for number, person in enumerate(people)
    ]


def _person(person: Mapping[Any, Any], order: Mapping[str, int], layout: Layout) -> Row:
    cells: dict[int, str] = {}
    seen: set[str] = set()
    for heading, value in person.items():
        place = order[str(heading)]
        column = layout.columns[place]
        if column == IGNORED:
            continue
        text = _scalar(value, says=column == STATUS)
        if text is None:
            return Refusal(
                Message("%(heading)r is not a line of text", heading=heading), "Put the value in quotes."
            )
        if column in seen and column not in _MAY_BE_TWICE:
            return Refusal(Message("two of its keys mean %(column)r", column=column), "Remove one of them.")
        seen.add(column)
        cells[place] = text
    return layout.person(cells)


def _scalar(value: Any, *, says: bool) -> str | None:
    """Return a value as a cell, None if it is not text; `says` allows booleans and dates (statuses)."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ";".join(value)
    if says and isinstance(value, bool | date):
        return str(value)
    if isinstance(value, str | int) and not isinstance(value, bool):
        return clean(str(value))
    return "" if value is None else None
