"""Find the lines of an item that say when and where: «Коли: 20 лютого, 11:00. Де: Київ», "When: …"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.compose import lines as shape
from newsletter.compose.event import event_of
from newsletter.compose.moments import Span, is_in_order, parse_span, parse_times
from newsletter.errors import Message
from newsletter.model import Event, Period, day_of

_LABELS = {
    "when": ("коли", "дата й час", "дата та час", "дата і час", "when", "date and time"),
    "date": ("дата", "дата проведення", "date"),
    "time": ("час", "час проведення", "початок", "time"),
    "where": ("де", "місце", "місце проведення", "локація", "where", "place", "venue", "location"),
}
_KINDS = {label: kind for kind, labels in _LABELS.items() for label in labels}
_ANY = "|".join(sorted(_KINDS, key=len, reverse=True))
_LABEL = re.compile(rf"(?:^|(?<=[\s.;,]))[^\w\s\[(«]*\s*\b({_ANY})\s*:\s*", re.IGNORECASE)
_MARKS = re.compile(r"\*\*|__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An event found in an item's lines, and the indices of those lines."""

    event: Event
    used: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """The index of a line that looks like an event's but stays text, and the reason."""

    line: int
    why: str


def labelled(text: str) -> Mapping[str, str] | None:
    """Parse a line made only of labels and values into `when`, `date`, `time` and `where`; else None."""
    text = _MARKS.sub("", text).strip()
    found = list(_LABEL.finditer(text))
    if not found or found[0].start() != 0:
        return None
    ends = [*(match.start() for match in found[1:]), len(text)]
    values = [
        (_KINDS[match[1].casefold()], text[match.end() : end].strip(" \xa0.;,"))
        for match, end in zip(found, ends, strict=True)
    ]
    said = dict(values)
    return said if len(said) == len(values) and all(said.values()) else None


def find_event(texts: Sequence[str], near: Period | None, timezone: str) -> Found | Unclear | None:
    """Find the event in the lines `texts` of one item; None if no line says when.

    All of it must be understood: a line that also says something else, two dates, a time without a date, or
    an event that is over before the issue `near` closes, leave the item as it is.
    """
    said = {number: values for number, text in enumerate(texts) if (values := labelled(text))}
    dated = [number for number, values in said.items() if "when" in values or "date" in values]
    if not dated:
        return None
    kinds = [kind for values in said.values() for kind in values]
    if len(kinds) != len(set(kinds)) or {"when", "date"} <= set(kinds):
        return Unclear(line=dated[-1], why="the item says more than once when or where")
    told = {kind: value for values in said.values() for kind, value in values.items()}
    event = _event(told, near, timezone)
    if isinstance(event, str):
        return Unclear(line=dated[0], why=event)
    return Found(event=event, used=frozenset(said))


def _event(told: Mapping[str, str], near: Period | None, timezone: str) -> Event | str:
    """Return the event for these values, or the reason why there is none."""
    span = _span(told, near)
    if span is None:
        return "the date or time is not one that can be read"
    if near is not None and day_of(span.end or span.start) < near.end:
        return Message("it is over before the issue closes on %(end)s", end=near.end)
    place = told.get("where", "")
    if shape.has_link(place):
        return "the place has a link, which `where` cannot have"
    return event_of(span, timezone, shape.plain(place)) or "clocks skip this time"


def _span(told: Mapping[str, str], near: Period | None) -> Span | None:
    """Combine the values into start and end."""
    span = parse_span(told.get("when") or told["date"], near)
    if span is None or "time" not in told:
        return span
    times = parse_times(told["time"])
    if times is None or isinstance(span.start, datetime) or span.end is not None:
        return None
    start, end = (datetime.combine(span.start, at) if at else None for at in times)
    if start is None or (end is not None and not is_in_order(start, end)):
        return None
    return Span(start, end)
