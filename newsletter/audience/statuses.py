"""Columns of a list that say whether somebody may be written to: which they are, what their cells mean."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from newsletter.audience.headings import plain, plain_value
from newsletter.errors import ConfigError
from newsletter.model import Standing
from newsletter.yamlfile import nearest

_FILE = Path(__file__).with_name("statuses.yaml")
_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ t,]+\d.*)?|\d{1,2} [^\W\d]+,? \d{4}.*|\d{9,13}")
"""A day, with or without the time, or seconds since 1970."""
_NEVER = re.compile(r"0{4}-0{2}-0{2}.*")
"""How MySQL writes that there is no day."""
_PAIR = re.compile(rf",(?=(?:{'|'.join(Standing)})=)")
_WEIGHT = {standing: weight for weight, standing in enumerate(Standing)}

Values = Mapping[str, Standing]
"""What values mean, in the letters of `plain_value`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the cells under one heading mean; None stands for what nobody has said."""

    heading: str
    words: Values = field(default_factory=dict)
    day: Standing | None = None
    empty: Standing | None = None
    other: Standing | None = None

    def read(self, cell: str) -> Standing | None:
        """Return what a cell says, or None when that is not known."""
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
    """Tell whether a column with this heading may say who must not be written to."""
    words = plain_value(heading)
    return words in _readings() or any(hint in words for hint in _document()["hints"])


def reading(heading: str, said: Values, own: Mapping[str, Standing] | None = None) -> Reading:
    """Return how to read the column `heading`; `own` is what its service says of it, `said` what people do.

    In `own`, `any` stands for every other value, and `empty` for an empty cell.
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
    """Return what counts of all that is said of one person."""
    return max(standings, key=_WEIGHT.__getitem__, default=Standing.ACTIVE)


def read_values(said: Mapping[Any, Any]) -> dict[str, Standing]:
    """Return what values mean from a mapping such as {діє: active}. Raises ConfigError."""
    return {str(value): _standing(str(standing)) for value, standing in said.items()}


def value_pairs(words: Iterable[str]) -> dict[str, Standing]:
    """Return what values mean from words such as `active=діє,left=вибув`. Raises ConfigError."""
    found: dict[str, Standing] = {}
    for word in words:
        for pair in _PAIR.split(word):
            standing, equals, value = pair.partition("=")
            if not equals:
                raise ConfigError(
                    f"{pair!r} is not STANDING=VALUE",
                    "Write it like --status active=current --status left=gone",
                )
            found[value.strip()] = _standing(standing.strip())
    return found


def _standing(name: str) -> Standing:
    try:
        return Standing(name)
    except ValueError:
        raise ConfigError(f"unknown standing {name!r}", nearest(name, list(Standing))) from None


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
    """Return the usual headings, in the letters of `plain_value`, with what their cells mean."""
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
