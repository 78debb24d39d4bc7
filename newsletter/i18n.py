"""The reader's language: gettext catalogs, dates and numbers (Babel)."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from newsletter.model import Period

NAMES = {"uk": "Українська", "en": "English"}
"""Each language in its own words."""
LANGUAGES = tuple(NAMES)
_DAYS = {"uk": ("{} – {}", "d MMMM y 'року'"), "en": ("{}–{}", "d MMMM y")}


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalog of `language`; the message ids are English, so English needs none."""
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
    """Return `message` in the workspace's `language`, and in English below it, as commands print."""
    words = dict.fromkeys((translations(language).gettext(message), message))
    return "\n\n".join(one % values for one in words)


def format_period(period: Period, language: str) -> str:
    """Return «8 – 14 лютого 2025 року» or "8–14 February 2025"; what both days share is written once."""
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
