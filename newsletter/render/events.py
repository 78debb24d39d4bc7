"""What templates show of an event, in the issue's language, and the address of its calendar file."""

import datetime as dt
from hashlib import sha256
from urllib.parse import quote

from newsletter.i18n import format_period
from newsletter.locales import locale
from newsletter.model import Event, Item, Period, anchor_of, day_of
from newsletter.render.characters import one_line
from newsletter.render.values import Data


def event_values(event: Event, language: str) -> Data:
    """Return the words for an event's date, times and place; templates need not put any together.

    `day`, `month` and `weekday` are those of the beginning, for a date cell: the month as it stands after a
    day, «лютого». `on` and `when` go beside it: «20 лютого» and «четвер, 11:00–12:30»; an event over several
    days has all of this in `when`. `line` is all of the time in one line.
    """
    from babel.dates import format_date  # noqa: PLC0415  heavy, and most issues have no event

    own = locale(language)
    first, last = day_of(event.start), day_of(event.end or event.start)
    weekday = format_date(first, "EEEE", own)
    date = format_period(Period(start=first, end=last), language)
    time = _times(event, language)
    if first == last:
        on, when = _day_and_month(first, language), ", ".join(filter(None, (weekday, time)))
        line = ", ".join(filter(None, (weekday, date, time)))
    else:
        on, when = "", _from_to(event, language) if time else date
        line = when
    return Data(
        start=event.start,
        end=event.end,
        day=str(first.day),
        month=format_date(first, "MMMM", own),
        month_short=format_date(first, "MMM", own).rstrip("."),
        year=str(first.year),
        weekday=weekday,
        date=date,
        time=time if first == last else "",
        on=on,
        when=when,
        line=line,
        place=one_line(event.place),
    )


def calendar_name(issue: str, item: Item) -> str:
    """Return the name of an event's calendar file, without `.ics`.

    That of an item for some readers only cannot be guessed by others: it is a hash of what they do not know.
    """
    if item.only_for is None:
        return anchor(item)
    words = "\0".join([issue, item.id, item.title, item.text, item.link or "", repr(item.event)])
    return sha256(words.encode()).hexdigest()[:16]


def calendar_address(base_url: str, issue: str, item: Item) -> str:
    """Return where every reader finds the calendar file of an event of the issue named `issue`."""
    return f"{base_url}/issues/{issue}/{quote(calendar_name(issue, item))}.ics"


def anchor(item: Item) -> str:
    """Return the name of an item in addresses: its id, with hyphens for blanks."""
    return anchor_of(item.id)


def _day_and_month(day: dt.date, language: str) -> str:
    """Return «20 лютого», and in plain English "20 February", as its other dates are here."""
    from babel.dates import format_date, format_skeleton  # noqa: PLC0415  heavy

    if language == "en":
        return format_date(day, "d MMMM", language)
    return format_skeleton("MMMMd", day, locale=locale(language))


def _times(event: Event, language: str) -> str:
    """Return «11:00», or «11:00–12:30»; nothing for whole days."""
    from babel.dates import format_interval, format_skeleton  # noqa: PLC0415  heavy

    if not isinstance(event.start, dt.datetime):
        return ""
    start = event.start.replace(tzinfo=None)
    if not isinstance(event.end, dt.datetime):
        return format_skeleton("Hm", start, locale=locale(language))
    times = format_interval(start, event.end.replace(tzinfo=None), "Hm", locale=locale(language))
    return times.replace("\u2009", "")  # CLDR's thin spaces around an English dash


def _from_to(event: Event, language: str) -> str:
    """Return «20 лютого 2025 року, 11:00 – 21 лютого 2025 року, 14:00»."""
    ends = (event_values(Event(start=moment), language) for moment in (event.start, event.end) if moment)
    return " – ".join(f"{end.date}, {end.time}" for end in ends)
