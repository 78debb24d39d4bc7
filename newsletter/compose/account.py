"""Result of parsing a digest: its entries, and a record of what became of each line."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.compose.lines import Line
from newsletter.errors import Problem
from newsletter.model import Event, Period, Section


class Role(StrEnum):
    """What a line of the source became."""

    MASTHEAD = "masthead"
    PERIOD = "period"
    HEADING = "heading"
    TITLE = "title"
    TEXT = "text"
    LINK = "link"
    EVENT = "event"
    """Says when or where, and is no longer in the text."""
    RULE = "rule"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A line that is not blank, what it became, and of which entry (counted from 0)."""

    line: Line
    role: Role
    entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item as the digest has it; `link` is None where the digest has none, or only `#`."""

    title: str
    section: str
    text: str
    link: str | None
    event: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What the file `name` holds; every line that is not blank is in `account` once, in order."""

    name: str
    period: Period | None
    entries: tuple[Entry, ...]
    new_sections: tuple[Section, ...]
    account: tuple[Placed, ...]
    problems: tuple[Problem, ...]
