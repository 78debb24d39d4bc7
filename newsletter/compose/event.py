"""Read and write an event in front matter: the keys `when`, `until` and `where`."""

import datetime as dt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from newsletter.compose.moments import Span, is_in_order, parse_span, parse_times
from newsletter.errors import Message, Problem
from newsletter.model import Event
from newsletter.yamlfile import Document

KEYS = ("when", "until", "where")
YEARS = range(1900, 2101)
_FORMS = "Write it like 2025-02-20 11:00, or 2025-02-20 for a whole day."

_Moment = dt.datetime | dt.date


class _Fault(NamedTuple):
    """An error in the value of a key."""

    key: str
    text: str
    hint: str


def read_event(document: Document, timezone: str, place: str) -> tuple[Event | None, list[Problem]]:
    """Return the event in the front matter; None and a problem if its time cannot be parsed."""
    data = document.data
    found = _times(data.get("when"), data.get("until"))
    if isinstance(found, _Fault):
        return None, [_error(document, *found)]
    for key, moment in (("when", found.start), ("until", found.end)):
        if moment is not None and moment.year not in YEARS:
            return None, [
                _error(
                    document,
                    key,
                    Message("%(key)s: the year is %(year)s", key=key, year=moment.year),
                    "Correct the year.",
                )
            ]
    event = in_zone(found, timezone, place)
    if isinstance(event, _Fault):
        return None, [_error(document, *event)]
    if event.end is not None and not is_in_order(event.start, event.end):
        text = Message("it ends (%(end)s) before it begins", end=_unzoned(event.end))
        return None, [_error(document, "until", text, "Correct one of the two: `until` is when it ends.")]
    return event, []


def stray_keys(document: Document) -> list[Problem]:
    """Return a problem for each event key in an item that is not an event."""
    return [
        _error(
            document,
            key,
            Message("`%(key)s` is for events only", key=key),
            Message("Write `kind: event`, or remove `%(key)s`.", key=key),
        )
        for key in KEYS
        if document.data.get(key) is not None
    ]


def event_values(event: Event | None) -> dict[str, Any]:
    """Return the front matter for `event`, the inverse of `read_event`."""
    if event is None:
        return {}
    return {
        "when": _plain(event.start),
        "until": _plain(event.end) if event.end is not None else None,
        "where": event.place or None,
    }


def event_of(span: Span, timezone: str, place: str) -> Event | None:
    """Return an event at a time found in a text; None if summer time skips that time."""
    event = in_zone(span, timezone, place)
    return None if isinstance(event, _Fault) else event


def in_zone(span: Span, timezone: str, place: str) -> Event | _Fault:
    """Return an event at a local time in `timezone`; a fault if summer time skips that time."""
    zone = ZoneInfo(timezone)
    start, end = _in_zone(span.start, zone), _in_zone(span.end, zone) if span.end is not None else None
    for key, moment in (("when", start), ("until", end)):
        if isinstance(moment, dt.datetime) and _is_skipped(moment):
            text = Message(
                "%(key)s: there is no %(time)s on %(day)s in %(zone)s",
                key=key,
                time=f"{moment:%H:%M}",
                day=moment.date(),
                zone=timezone,
            )
            return _Fault(key, text, "Clocks go forward then; correct the time.")
    return Event(start=start, end=end, place=place)


def _times(when: Any, until: Any) -> Span | _Fault:
    """Combine `when` and `until` into start and end."""
    if when is None:
        return _Fault(
            "kind", "an event needs `when`", Message("Add `when: …`. %(forms)s", forms=Message(_FORMS))
        )
    span = Span(when) if isinstance(when, dt.date) else parse_span(when) if isinstance(when, str) else None
    if span is None:
        return _Fault("when", Message("when: %(words)s is not a date or time", words=_said(when)), _FORMS)
    if until is None:
        return span
    if span.end is not None:
        return _Fault("until", "`when` says already how long it lasts", "Remove one of the two.")
    end = _until(until, span.start)
    if end is None:
        hint = "Write it as `when` is written, with a time if that has one; for the same day just 12:30."
        return _Fault(
            "until", Message("until: %(words)s is not such a date or time", words=_said(until)), hint
        )
    return Span(span.start, end)


def _until(until: Any, start: _Moment) -> _Moment | None:
    """Parse `until` for an event that starts at `start`; None if it is not of the same form."""
    if isinstance(until, str) and isinstance(start, dt.datetime):
        times = parse_times(until)
        if times and times[1] is None:
            return dt.datetime.combine(start.date(), times[0], start.tzinfo)
    span = Span(until) if isinstance(until, dt.date) else parse_span(str(until))
    if span is None or span.end is not None:
        return None
    return span.start if isinstance(span.start, dt.datetime) == isinstance(start, dt.datetime) else None


def _in_zone(moment: _Moment, zone: ZoneInfo) -> _Moment:
    if not isinstance(moment, dt.datetime):
        return moment
    moment = moment.replace(second=0, microsecond=0)
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _is_skipped(moment: dt.datetime) -> bool:
    """Return whether this local time does not exist because summer time begins."""
    there = moment.astimezone(dt.UTC).astimezone(moment.tzinfo)
    return there.replace(tzinfo=None, fold=0) != moment.replace(tzinfo=None, fold=0)


def _plain(moment: _Moment) -> Any:
    return _written(moment) if isinstance(moment, dt.datetime) else moment


def _written(moment: _Moment) -> str:
    if not isinstance(moment, dt.datetime):
        return moment.isoformat()
    return moment.replace(tzinfo=None).isoformat(" ", "minutes")


def _unzoned(moment: _Moment) -> _Moment:
    return moment.replace(tzinfo=None) if isinstance(moment, dt.datetime) else moment


def _said(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _error(document: Document, key: str, text: str, hint: str) -> Problem:
    return Problem.error(text, document.place((key,)), hint, code="event-time")
