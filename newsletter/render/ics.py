"""Write an event as an iCalendar file (RFC 5545), which calendars of phones and computers open."""

import datetime as dt
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from newsletter.model import Event, Item
from newsletter.render import plaintext
from newsletter.render.characters import one_line, printable
from newsletter.render.events import anchor
from newsletter.render.urls import ascii_url

_PRODUCT = "-//newsletter//weekly digest//EN"
_UNWRAPPED = 100_000
"""Characters of a line: calendars wrap the description themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The issue an event comes from: its name, the site and domain, and when it was approved (UTC)."""

    issue: str
    base_url: str
    domain: str
    at: dt.datetime


def calendar(item: Item, event: Event, source: Source) -> str:
    """Return the event as a calendar of one entry; the same event always gives the same text.

    Times are in UTC, so the file needs no time zones of its own; whole days are dates, whose end is the day
    after (RFC 5545 §3.6.1). The UID depends on the issue and the item's id only: a calendar that gets a
    corrected file changes the entry that it has.
    """
    import icalendar  # noqa: PLC0415  heavy, and only approvals need it

    page = f"{source.base_url}/issues/{source.issue}#{anchor(item)}"
    entry = icalendar.Event()
    entry.add("uid", f"{uuid5(NAMESPACE_URL, page)}@{source.domain}")
    entry.add("dtstamp", source.at)
    entry.add("dtstart", _utc(event.start))
    if (end := _end(event)) is not None:
        entry.add("dtend", end)
    entry.add("summary", one_line(item.title))
    if event.place:
        entry.add("location", one_line(event.place))
    link = ascii_url(item.link or "") or ""
    if words := "\n\n".join(filter(None, (plaintext.plain(printable(item.text), _UNWRAPPED), link))):
        entry.add("description", words)
    if item.only_for is None or link:
        entry.add("url", page if item.only_for is None else link)
    whole = icalendar.Calendar()
    whole.add("prodid", _PRODUCT)
    whole.add("version", "2.0")
    whole.add_component(entry)
    text: str = whole.to_ical().decode()
    return text


def _end(event: Event) -> dt.datetime | dt.date | None:
    """Return DTEND: for whole days the day after the last."""
    if isinstance(event.start, dt.datetime):
        return _utc(event.end) if event.end is not None else None
    return (event.end or event.start) + dt.timedelta(days=1)


def _utc(moment: dt.datetime | dt.date) -> dt.datetime | dt.date:
    return moment.astimezone(dt.UTC) if isinstance(moment, dt.datetime) else moment
