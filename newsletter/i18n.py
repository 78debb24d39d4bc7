"""Translations and dates in a reader's language (gettext, Babel)."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from newsletter.model import Period

NAMES = {"uk": "Українська", "en": "English"}
"""The name of each language in itself."""
LANGUAGES = tuple(NAMES)
_DAYS = {"uk": ("{} – {}", "d MMMM y 'року'"), "en": ("{}–{}", "d MMMM y")}


@cache
def translations(language: str) -> NullTranslations:
    """Return the gettext catalog of `language`; the message ids are English, so English has none."""
    catalog = files("newsletter") / "locale" / language / "LC_MESSAGES" / "newsletter.po"
    if not catalog.is_file():
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415  heavy, and English needs none
    from babel.messages.pofile import read_po  # noqa: PLC0415  likewise

    compiled = BytesIO()
    with catalog.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def for_editors(message: str, language: str, **values: str) -> str:
    """Return `message` in the workspace's `language`, and below it in English, as commands print it."""
    words = dict.fromkeys((translations(language).gettext(message), message))
    return "\n\n".join(one % values for one in words)


def format_period(period: Period, language: str) -> str:
    """Format a period: «8 – 14 лютого 2025 року» or "8–14 February 2025"; shared parts are written once."""
    from babel.dates import format_date  # noqa: PLC0415  heavy, and reading an issue does not need it

    joined, full = _DAYS[language]
    start, end = period.start, period.end
    last = format_date(end, full, language)
    if start == end:
        return last
    if (start.year, start.month) == (end.year, end.month):
        return joined.format(start.day, last)
    first = format_date(start, full if start.year != end.year else "d MMMM", language)
    return f"{first} – {last}"
