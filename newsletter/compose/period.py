"""Parse periods as people type them: «8 – 14 лютого 2025 року», "February 8 – 14, 2025", 08.02–14.02.2025."""

import re
from datetime import date
from functools import cache, lru_cache

from babel.dates import get_month_names

from newsletter.locales import CATALOGS
from newsletter.model import Period

_YEAR = re.compile("[0-9]{4}")
"""Without one there is no period; to load the names of months takes long."""


@lru_cache(maxsize=1000)
def parse_period(text: str) -> Period | None:
    """Return the first period in `text` given by day, month and year with a dash; None if there is none.

    Month and year may be written once, for both days. Words such as «з 4 до 7 лютого» are not read as a
    period: in running text they tell of events.
    """
    for pattern in _patterns() if _YEAR.search(text) else ():
        for match in pattern.finditer(text):
            if period := _period(match):
                return period
    return None


@cache
def month_numbers() -> dict[str, int]:
    """Return the number of each month by its names in the languages of our catalogs, in all forms."""
    return {
        name.casefold().rstrip("."): number
        for language in CATALOGS
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, language).items()
    }


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return the regular expressions for the orders in which day, month and year are written."""
    month = "|".join(sorted(month_numbers(), key=len, reverse=True))
    dash = r"\s* [-‐‑‒–—―−] \s*"
    year = r"(?P<y1>[0-9]{4}) (?: \s* р(?:оку|\.) )?"
    last_year = r"(?P<y2>[0-9]{4}) (?!\d)"
    orders = (
        rf"""(?<![\d.]) (?P<d1>[0-9]{{1,2}}) \.? (?: \s+ (?P<m1>{month})\b \.? (?: ,? \s* {year} )? )? {dash}
             (?P<d2>[0-9]{{1,2}}) \.? \s+ (?P<m2>{month})\b \.? ,? \s* {last_year}""",
        rf"""\b (?P<m1>{month})\b \.? \s+ (?P<d1>[0-9]{{1,2}}) (?: ,? \s+ {year} )? {dash}
             (?: (?P<m2>{month})\b \.? \s+ )? (?P<d2>[0-9]{{1,2}}) ,? \s+ {last_year}""",
        rf"""(?<![\d.]) (?P<d1>[0-9]{{1,2}}) (?: \. (?P<m1>[0-9]{{1,2}}) (?: \. {year} )? \.? )? {dash}
             (?P<d2>[0-9]{{1,2}}) \. (?P<m2>[0-9]{{1,2}}) \. {last_year}""",
    )
    return tuple(re.compile(order, re.IGNORECASE | re.VERBOSE) for order in orders)


def _period(match: re.Match[str]) -> Period | None:
    """Return the period of a match; a month or year written once applies to both days."""
    first, last = _month(match["m1"] or match["m2"]), _month(match["m2"] or match["m1"])
    year = int(match["y2"])
    try:
        period = Period(
            start=date(int(match["y1"] or year - (first > last)), first, int(match["d1"])),
            end=date(year, last, int(match["d2"])),
        )
    except ValueError:
        return None
    return period if period.start <= period.end else None


def _month(typed: str) -> int:
    name = typed.casefold()
    return int(name) if name.isdigit() else month_numbers().get(name, 0)
