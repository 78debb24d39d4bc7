"""Conditions over a reader's sections and attributes: `segments.yaml` and an item's `only_for`.

    all:
      - section: social
      - any: [{region: Харківська}, {region: [Сумська, Одеська]}]
      - not: {position: депутат}

A mapping of several keys means all of them; a list of values means any of them.
"""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from newsletter.errors import Message, Place, Problem
from newsletter.model import EVERY_SECTION, AllOf, AnyOf, Condition, Has, Not
from newsletter.yamlfile import Document, Path, nearest

SECTION = "section"
_OPERATORS = ("all", "any", "not")


class _Wrong(Exception):  # noqa: N818  carries one problem up to parse()
    def __init__(self, text: str, at: Place, hint: str = "") -> None:
        self.problem = Problem.error(text, at, hint, code="condition-wrong")


def parse(
    document: Document, path: Path, *, sections: Collection[str], fields: Collection[str]
) -> tuple[Condition | None, list[Problem]]:
    """Parse the condition at `path` of `document`; on an error, return None and the first problem's line."""
    data = document.data
    for step in path:
        data = data[step]
    try:
        return _parse(data, path, document, sections, fields), []
    except _Wrong as wrong:
        return None, [wrong.problem]


def _parse(
    data: Any, path: Path, document: Document, sections: Collection[str], fields: Collection[str]
) -> Condition:
    at = partial(document.place, path)
    if not isinstance(data, Mapping) or not data:
        raise _Wrong("a condition must be a mapping", at(), "Write, for example, {section: social}.")
    parts: list[Condition] = []
    for key, value in data.items():
        here = (*path, key)
        if key in ("all", "any"):
            if not isinstance(value, list) or not value:
                raise _Wrong(Message("%(key)r takes a list of conditions", key=key), document.place(here))
            inner = tuple(_parse(v, (*here, i), document, sections, fields) for i, v in enumerate(value))
            parts.append(AllOf(inner) if key == "all" else AnyOf(inner))
        elif key == "not":
            parts.append(Not(_parse(value, here, document, sections, fields)))
        elif key == SECTION or key in fields:
            parts.append(_leaf(key, value, document.place(here), sections))
        else:
            raise _Wrong(
                Message("unknown name %(key)r in a condition", key=key),
                document.place(here),
                nearest(str(key), [*_OPERATORS, SECTION, *fields]),
            )
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _leaf(key: str, value: Any, at: Place, sections: Collection[str]) -> Has:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, str | int) and not isinstance(v, bool) for v in values):
        raise _Wrong(Message("%(key)r takes a word or a list of words", key=key), at)
    words = frozenset(map(str, values))
    if key == SECTION and (unknown := sorted(words - set(sections))):
        raise _Wrong(
            Message("unknown section %(unknown)r", unknown=unknown[0]), at, nearest(unknown[0], sections)
        )
    return Has(key, words)


def holds(condition: Condition, sections: Collection[str], attributes: Mapping[str, str]) -> bool:
    """Return whether `condition` is true of a reader; the choice `*` includes every section."""
    match condition:
        case Has(field, values) if field == SECTION:
            return EVERY_SECTION in sections or not values.isdisjoint(sections)
        case Has(field, values):
            return attributes.get(field) in values
        case Not(inner):
            return not holds(inner, sections, attributes)
        case AllOf(inner):
            return all(holds(one, sections, attributes) for one in inner)
        case AnyOf(inner):
            return any(holds(one, sections, attributes) for one in inner)


def as_data(condition: Condition) -> dict[str, Any]:
    """Return `condition` as plain values, the inverse of `parse`."""
    match condition:
        case Has(field, values):
            return {field: next(iter(values)) if len(values) == 1 else sorted(values)}
        case Not(inner):
            return {"not": as_data(inner)}
        case AllOf(parts):
            return {"all": [as_data(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [as_data(part) for part in parts]}
