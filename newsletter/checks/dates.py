"""Dates in Ukrainian text that cannot be: days that a month lacks, wrong weekdays, ranges backwards."""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from newsletter.checks.remark import Remark
from newsletter.errors import Message
from newsletter.model import Period

_MONTHS = (
    "січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня",
    "листопада", "грудня",
)  # fmt: skip
_WEEKDAYS = ("понеділок", "вівторок", "середа", "четвер", "п’ятниця", "субота", "неділя")
_STEMS = (
    "понеділ(?:ок|ка|ку|ком)", "вівтор(?:ок|ка|ку|ком)", "серед(?:а|и|і|у|ою)", "четвер(?:|га|гу|гом)",
    "п[’'ʼ]ятниц(?:я|і|ю|ею)", "субот(?:а|и|і|у|ою)", "неділ(?:я|і|ю|ею)",
)  # fmt: skip
_WEEKDAY = re.compile("|".join(f"({stem})" for stem in _STEMS), re.IGNORECASE)
_NAMED = rf"(?P<weekday>{'|'.join(_STEMS)})"
_LEAP = 2024
_DAY = rf"(?P<day>\d{{1,2}})\s(?P<month>{'|'.join(_MONTHS)})(?:\s(?P<year>\d{{4}})(?:\s(?:року|р\.))?)?"
_DATE = re.compile(rf"(?<![\w.,–—-])(?:(?P<first>\d{{1,2}})\s?[–—-]\s?)?{_DAY}\b", re.IGNORECASE)
_PAIRS = (
    re.compile(rf"\b{_NAMED},?\s\(?{_DAY}", re.IGNORECASE),
    re.compile(rf"(?<![\w.,–—-]){_DAY}(?:,\s|\s\(|\s)(?:[ув]\s)?{_NAMED}\b(?!,?\s\(?\d)", re.IGNORECASE),
)


def dates(text: str, period: Period) -> Iterator[Remark]:
    """Yield a remark for each date that cannot be meant so, in an issue of `period`."""
    for found in _DATE.finditer(text):
        day, month = int(found["day"]), _MONTHS.index(found["month"].casefold()) + 1
        last = monthrange(int(found["year"] or _LEAP) or _LEAP, month)[1]
        if not 1 <= day <= last:
            yield _remark("date-impossible", found[0], "there is no such day: %(words)s")
        elif found["first"] and int(found["first"]) >= day:
            yield _remark("date-impossible", found[0], "the days are in the wrong order: %(words)s")
        elif found["year"] and _another_year(day, month, int(found["year"]), period):
            yield _remark("date-year", found[0], "this week, but of another year: %(words)s")
    for pattern in _PAIRS:
        for found in pattern.finditer(text):
            if remark := _weekday(found, period):
                yield remark


def _weekday(found: re.Match[str], period: Period) -> Remark | None:
    month = _MONTHS.index(found["month"].casefold()) + 1
    named = _WEEKDAY.fullmatch(found["weekday"])
    try:
        meant = _nearest(int(found["day"]), month, int(found["year"] or 0), period)
    except ValueError:
        return None
    if named is None or named.lastindex == meant.weekday() + 1:
        return None
    return Remark(
        code="weekday-wrong",
        words=found[0],
        text=Message("the weekday is not that of the day: %(words)s", words=found[0]),
        hint=Message("%(day)s is: %(weekday)s.", day=meant, weekday=_WEEKDAYS[meant.weekday()]),
    )


def _nearest(day: int, month: int, year: int, period: Period) -> date:
    """Return the day; without a year, the one nearest to the end of the period. Raises ValueError."""
    if year:
        return date(year, month, day)
    years = (period.end.year + offset for offset in (-1, 0, 1))
    return min((date(one, month, day) for one in years), key=lambda one: abs(one - period.end))


def _another_year(day: int, month: int, year: int, period: Period) -> bool:
    """Return whether a day is one of the period's but for its year, which is the one before or after."""
    for end in (period.start, period.end):
        if abs(end.year - year) == 1:
            try:
                return date(end.year, month, day) in period
            except ValueError:
                return False
    return False


def _remark(code: str, words: str, text: str) -> Remark:
    return Remark(code=code, words=words, text=Message(text, words=words), hint="Correct the date.")
