"""Translations and dates in a reader's language (gettext, Babel)."""

import re
from datetime import date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

from newsletter.errors import Message, presentable
from newsletter.locales import catalog_of, locale
from newsletter.model import Period

_DAYS = {"uk": ("{} – {}", "d MMMM y 'року'"), "en": ("{}–{}", "d MMMM y")}
"""How a month's days are joined, and the whole date, where house style is not CLDR's."""
_SHORT_MONTH = re.compile("(?<!M)MMM(?!M)")
_SPACES = re.compile("[\N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}]")


@cache
def translations(language: str) -> NullTranslations:
    """Return the gettext catalog that serves `language`; a phrase it lacks stays English, that one alone.

    The message ids are English, so English itself has no catalog.
    """
    found = catalog_of(language)
    catalog = files("newsletter") / "locale" / found / "LC_MESSAGES" / "newsletter.po"
    if not catalog.is_file():
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415  heavy, and English needs none
    from babel.messages.pofile import read_po  # noqa: PLC0415  likewise

    compiled = BytesIO()
    with catalog.open("rb") as source:
        write_mo(compiled, read_po(source, locale=found))
    compiled.seek(0)
    return GNUTranslations(compiled)


def said(text: str, language: str) -> str:
    """Return a finding's words in `language` when its catalog has them, else as they are."""
    if not isinstance(text, Message):
        return translations(language).gettext(text) if text else text
    message = translations(language).gettext(text.id)
    if message == text.id:
        return text
    values = {
        name: said(value, language) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return presentable(message % values if values else message)


def for_editors(message: str, language: str, **values: str) -> str:
    """Return `message` in the workspace's `language`, and below it in English, as commands print it."""
    words = dict.fromkeys((translations(language).gettext(message), message))
    return "\n\n".join(one % values for one in words)


def format_period(period: Period, language: str) -> str:
    """Format a period: «8 – 14 лютого 2025 року», "8–14 February 2025"; shared parts are written once."""
    from babel.dates import format_date  # noqa: PLC0415  heavy, and reading an issue does not need it

    start, end = period.start, period.end
    if language not in _DAYS:
        return _interval(start, end, language)
    joined, full = _DAYS[language]
    last = format_date(end, full, language)
    if start == end:
        return last
    if (start.year, start.month) == (end.year, end.month):
        return joined.format(start.day, last)
    first = format_date(start, full if start.year != end.year else "d MMMM", language)
    return f"{first} – {last}"


def format_day(at: str, timezone: str, language: str) -> str:
    """Format the day of a timestamp (2025-02-14T22:30:00Z) in a time zone: «15 лютого 2025 року»."""
    day = datetime.fromisoformat(at).astimezone(ZoneInfo(timezone)).date()
    return format_period(Period(start=day, end=day), language)


def _interval(start: date, end: date, language: str) -> str:
    """Format a period as CLDR does, but with the whole name of the month and plain spaces."""
    from babel.dates import format_date  # noqa: PLC0415  likewise

    own = locale(language)
    differs = "y" if start.year != end.year else "M" if start.month != end.month else "d"
    formats = own.interval_formats
    whole, short = (formats.get(skeleton, {}).get(differs) for skeleton in ("yMMMMd", "yMMMd"))
    pair = whole or [_SHORT_MONTH.sub("MMMM", one) for one in short or ()]
    if start == end:
        written = format_date(start, "long", own)
    elif pair:
        written = format_date(start, pair[0], own) + format_date(end, pair[1], own)
    else:
        written = f"{format_date(start, 'long', own)} – {format_date(end, 'long', own)}"
    return _SPACES.sub(" ", written)
