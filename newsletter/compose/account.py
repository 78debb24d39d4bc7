"""Result of parsing a digest: its entries, and a record of what became of each line."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.compose.lines import Found, Line
from newsletter.errors import Problem
from newsletter.model import Event, Period, Section


class Role(StrEnum):
    """The part that a line of the source plays in the digest."""

    MASTHEAD = "masthead"
    PERIOD = "period"
    HEADING = "heading"
    TITLE = "title"
    TEXT = "text"
    LINK = "link"
    EVENT = "event"
    """It says when or where, and was moved from the text to the event."""
    PICTURE = "picture"
    RULE = "rule"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A line that is not blank, with its role and the index of its entry (from 0)."""

    line: Line
    role: Role
    entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item as parsed from the digest; `link` is None if the digest has no link for it, or only `#`."""

    title: str
    section: str
    text: str
    link: str | None
    event: Event | None = None
    picture: Found | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The parsed file `name`; `account` has every line that is not blank exactly once, in order."""

    name: str
    period: Period | None
    entries: tuple[Entry, ...]
    new_sections: tuple[Section, ...]
    account: tuple[Placed, ...]
    problems: tuple[Problem, ...]
