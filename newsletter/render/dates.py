"""The days of an issue as people write them: «8 – 14 лютого 2025 року», "8–14 February 2025"."""

from babel.dates import format_date

from newsletter.model import Period

_STYLE = {
    "uk": ("{0} – {1}", "d MMMM y 'року'"),
    "en": ("{0}–{1}", "d MMMM y"),
}


def period(days: Period, language: str) -> str:
    """Return `days` in `language`, with month and year written once where they are the same."""
    join, full = _STYLE[language]
    start, end = days.start, days.end
    if start == end:
        return format_date(end, full, language)
    if start.year != end.year:
        first = full
    elif start.month != end.month:
        first = "d MMMM"
    else:
        return join.format(start.day, format_date(end, full, language))
    return f"{format_date(start, first, language)} – {format_date(end, full, language)}"
