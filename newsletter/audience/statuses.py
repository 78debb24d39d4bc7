"""Status columns of a list: recognise those that say who may receive mail, and read their values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from newsletter.audience.headings import plain, plain_value
from newsletter.errors import ConfigError, Message
from newsletter.model import Standing
from newsletter.yamlfile import nearest

_FILE = Path(__file__).with_name("statuses.yaml")
_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ t,]+\d.*)?|\d{1,2} [^\W\d]+,? \d{4}.*|\d{9,13}")
"""A date, with or without time, or a Unix time."""
_NEVER = re.compile(r"0{4}-0{2}-0{2}.*")
"""MySQL's zero date, which means no date."""
_PAIR = re.compile(rf",(?=(?:{'|'.join(Standing)})=)")
_WEIGHT = {standing: weight for weight, standing in enumerate(Standing)}

Values = Mapping[str, Standing]
"""Standing by value; values are normalised by `plain_value`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read the cells of one status column; None means unknown.

    `day` is the standing for a date, `empty` for an empty cell, `other` for any other value.
    """

    heading: str
    words: Values = field(default_factory=dict)
    day: Standing | None = None
    empty: Standing | None = None
    other: Standing | None = None

    def read(self, cell: str) -> Standing | None:
        """Return the standing that a cell means, or None when it is unknown."""
        value = plain_value(cell)
        known = self.words.get(value)
        if known:
            return known
        written = plain(cell)
        if not written or _NEVER.fullmatch(written):
            return self.empty
        if self.day and _DAY.fullmatch(written):
            return self.day
        return self.other


def concerns(heading: str) -> bool:
    """Return whether a column with this heading may be a status column."""
    words = plain_value(heading)
    return words in _readings() or any(hint in words for hint in _document()["hints"])


def reading(heading: str, said: Values, own: Mapping[str, Standing] | None = None) -> Reading:
    """Return how to read the status column `heading`.

    `own` are the meanings in its service's export, where `any` is every other value and `empty` an empty
    cell; `said` are the meanings given by the user, which take precedence.
    """
    usual = _readings().get(plain_value(heading), Reading(heading=heading, words=_words()))
    own = own or {}
    words = {plain_value(value): standing for value, standing in own.items() if value not in ("any", "empty")}
    usual_words = {} if "any" in own else usual.words
    return Reading(
        heading=heading,
        words={**usual_words, **words, **{plain_value(value): standing for value, standing in said.items()}},
        day=own.get("any", usual.day),
        empty=said.get("") or own.get("empty", usual.empty),
        other=own.get("any", usual.other),
    )


def weightiest(standings: Iterable[Standing]) -> Standing:
    """Return the standing that prevails of several of one person: the last in the order of Standing."""
    return max(standings, key=_WEIGHT.__getitem__, default=Standing.ACTIVE)


def read_values(said: Mapping[Any, Any]) -> dict[str, Standing]:
    """Parse a mapping of values to standings, such as {діє: active}. Raises ConfigError."""
    return {str(value): _standing(str(standing)) for value, standing in said.items()}


def value_pairs(words: Iterable[str]) -> dict[str, Standing]:
    """Parse options such as `active=діє,left=вибув` into {value: standing}. Raises ConfigError."""
    found: dict[str, Standing] = {}
    for word in words:
        for pair in _PAIR.split(word):
            standing, equals, value = pair.partition("=")
            if not equals:
                raise ConfigError(
                    Message("%(pair)r is not STANDING=VALUE", pair=pair),
                    "Write it like --status active=current --status left=gone",
                )
            found[value.strip()] = _standing(standing.strip())
    return found


def _standing(name: str) -> Standing:
    try:
        return Standing(name)
    except ValueError:
        raise ConfigError(
            Message("unknown standing %(name)r", name=name), nearest(name, list(Standing))
        ) from None


@cache
def _document() -> Mapping[str, Any]:
    document: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return document


@cache
def _words() -> Values:
    return MappingProxyType(
        {
            plain_value(word): Standing(standing)
            for standing, words in _document()["words"].items()
            for word in words
        }
    )


@cache
def _readings() -> Mapping[str, Reading]:
    """Return how to read the usual status columns, by heading normalised with `plain_value`."""
    found = {}
    for entry in _document()["headings"]:
        words = dict(_words())
        for answer in ("yes", "no"):
            if standing := entry.get(answer):
                words |= dict.fromkeys(map(plain_value, _document()[answer]), Standing(standing))
        day, empty = (Standing(entry[key]) if key in entry else None for key in ("date", "empty"))
        for heading in entry["is"]:
            found[plain_value(heading)] = Reading(heading=heading, words=words, day=day, empty=empty)
    return MappingProxyType(found)
