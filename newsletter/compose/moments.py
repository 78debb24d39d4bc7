"""Parse dates and times as people type them: «20 лютого 2025, 11:00–12:30», 20.02.2025, "Feb 20, 11 am"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import NamedTuple

from babel.dates import get_day_names

from newsletter.compose.period import month_numbers
from newsletter.locales import CATALOGS
from newsletter.model import Period

LONGEST = 100
"""Most characters of a text that is parsed."""

_NOON = 12


class Span(NamedTuple):
    """Start and end, as dates or as local times without a time zone; `end` may be missing."""

    start: date | datetime
    end: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    """A token: its kind as one letter, which `_span` matches against known sequences, and its value."""

    kind: str
    day: int = 0
    month: int = 0
    year: int = 0
    at: time | None = None
    weekday: int = -1
    maybe_time: bool = False
    """Of a day like 10.12, which may as well be a time."""


def parse_span(text: str, near: Period | None = None) -> Span | None:
    """Parse a date with optional times, or a range of them; None unless all of `text` is understood.

    A year that is not given is the one that brings the day closest to the end of the period `near`; without
    `near` the text is not understood. Neither is it when a weekday is not that of the day.
    """
    tokens = _tokens(_with_colons(text))
    if tokens is None:
        return None
    named = [token.weekday for token in tokens if token.kind == "W"]
    told = [token for token in tokens if token.kind not in "W,"]
    try:
        span = _span(told, near)
    except ValueError:  # a day that the month does not have, an hour after 23
        return None
    if span is None or (span.end is not None and not is_in_order(span.start, span.end)):
        return None
    days = [span.start, span.start if span.end is None else span.end]
    fits = all(day.weekday() == weekday for day, weekday in zip(days, named, strict=False))
    return span if fits and len(named) <= len(days) else None


def is_in_order(start: date | datetime, end: date | datetime) -> bool:
    """Return whether `end` is after `start`, or the same day if neither has a time."""
    if isinstance(start, datetime) != isinstance(end, datetime):
        return False
    return start < end if isinstance(start, datetime) else start <= end


def parse_times(text: str) -> tuple[time, time | None] | None:
    """Parse a time of day or a range such as «11:00–12:30»; None if the text says anything else."""
    tokens = _tokens(re.sub(r"(?<!\d)(\d{1,2})\.(\d\d)(?!\d)", r"\1:\2", text)) or []
    kinds = "".join(token.kind for token in tokens if token.kind != ",")
    times = [token.at for token in tokens if token.at is not None]
    if kinds not in ("T", "T-T") or len(times) != kinds.count("T"):
        return None
    return times[0], times[1] if len(times) > 1 else None


def _span(told: Sequence[_Token], near: Period | None) -> Span | None:
    """Convert a known sequence of tokens to start and end, or return None."""
    kinds = "".join(token.kind for token in told)
    times = [token.at for token in told if token.kind == "T"]
    days = [token for token in told if token.kind in "DN"]
    years = [token.year for token in told if token.year]
    if not re.fullmatch(r"D|DY?T(?:-T)?|T(?:-T)?D|(?:D|N)-D|D-NY?|DT-DT", kinds) or None in times:
        return None
    if not times and all(token.maybe_time for token in days):
        return None
    whole = [token for token in days if token.kind == "D"]
    first, last = (
        date(
            token.year or _year(years, token.month or whole[0].month, token.day, near),
            token.month or whole[0].month,
            token.day,
        )
        for token in (days[0], days[-1])
    )
    if (
        last.month < first.month and last < first and years and not days[0].year
    ):  # «30 грудня – 2 січня 2026 року»
        first = first.replace(year=first.year - 1)
    start, end = times[0] if times else None, times[-1] if len(times) > 1 else None
    if start is None:
        return Span(first, last if len(days) > 1 else None)
    closing = datetime.combine(last, end) if end is not None else None
    return Span(datetime.combine(first, start), closing)


def _year(years: Sequence[int], month: int, day: int, near: Period | None) -> int:
    """Return the year for a day without one: that of the other day, else the nearest to the end of `near`.

    Raises ValueError if neither is given.
    """
    if years:
        return years[-1]
    if near is None:
        raise ValueError("no year")
    first = date(near.end.year - 1, month, 1)  # the 29th of February is not in every year
    months = [first.replace(year=year) for year in range(first.year, first.year + 3)]
    return min(months, key=lambda one: abs((one - near.end).days + day)).year


def _with_colons(text: str) -> str:
    """Write `11.00` as `11:00` after words such as «о» or "at", which say that it is a time."""
    found = re.compile(
        r"\b(об?|at)\s+(\d{1,2})[.:](\d\d)(?:(\s*[-–—]\s*|\s+(?:до|to)\s+)(\d{1,2})[.:](\d\d))?(?![.\d])",
        re.IGNORECASE,
    )
    return found.sub(
        lambda m: f"{m[1]} {m[2]}:{m[3]}" + (f"{m[4]}{m[5]}:{m[6]}" if m[4] else ""),
        text,
    )


def _tokens(text: str) -> list[_Token] | None:
    """Split `text` into tokens; None if any part of it is unknown."""
    text = re.sub("['’`]", "ʼ", " ".join(text.split()).strip(" .;"))  # as CLDR spells «пʼятниця»
    if not text or len(text) > LONGEST:
        return None
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        match = _pattern().match(text, position)
        if not match or match.end() == position:
            return None
        tokens += _token(match)
        position = match.end()
    return tokens


@cache
def _weekdays() -> dict[str, int]:
    """Return the number of each weekday (Monday is 0) by its names in the languages of our catalogs."""
    return {
        name.casefold(): number
        for language in CATALOGS
        for number, name in get_day_names("wide", "format", language).items()
    } | {"середу": 2, "пʼятницю": 4, "суботу": 5, "неділю": 6}


@cache
def _pattern() -> re.Pattern[str]:
    """Return the regular expression for one token and the blanks after it."""
    month = "|".join(sorted(month_numbers(), key=len, reverse=True))
    weekday = "|".join(sorted(map(re.escape, _weekdays()), key=len, reverse=True))
    end, nth = r"(?![\w:])", "(?:st|nd|rd|th)?"
    of_years = rf"(?:\s*р(?:оку\b|\.|{end}))?"
    hours, half = r"\s*год(?:ин[иіа]?)?\b\.?", r"\s?(?P<{}>[ap])\.?m\b\.?"
    year = rf"(?P<{{}}>(?:19|20)\d\d)(?![\d:.]){of_years}"
    return re.compile(
        rf"""(?:
          (?P<iso>(?P<iy>\d{{4}})-(?P<im>\d\d)-(?P<id>\d\d))(?!\d)(?:T(?=\d))?
        | (?P<dotted>(?P<dd>\d{{1,2}})\.(?P<dm>\d{{1,2}})(?:\.(?P<dy>(?:19|20)\d\d))?){of_years}(?![\w:])
        | (?P<time>(?P<th>\d{{1,2}}):(?P<tm>\d\d)(?::00)?(?:{half.format("half")})?(?:{hours})?)(?![\d:])
        | (?P<hour>(?P<hh>\d{{1,2}})(?:{half.format("part")}|{hours}))
        | (?P<worded>(?P<wd>\d{{1,2}})(?:{nth}|\.)\s+(?P<wm>{month})\b\.?(?:,?\s*{year.format("wy")})?)
        | (?P<english>(?P<em>{month})\b\.?\s+(?P<ed>\d{{1,2}}){nth}(?![\d:.])(?:,?\s+{year.format("ey")})?)
        | (?P<year>{year.format("yy")})
        | (?P<number>\d{{1,2}}){nth}(?![\w:.])
        | \(?(?P<weekday>{weekday})\b\)?
        | (?P<dash>[-–—−‑]|(?:до|по|to|till|until){end})
        | (?P<comma>,|(?:об?|з|із|зі|від|у|в|at|from|on|початок|рівно){end})
        )\s*""",
        re.IGNORECASE | re.VERBOSE,
    )


def _token(match: re.Match[str]) -> Iterator[_Token]:
    """Yield the token of a match."""
    groups = match.groupdict()
    for name, letters in (("iso", "i"), ("dotted", "d"), ("worded", "w"), ("english", "e")):
        if groups[name]:
            month = groups[f"{letters}m"].casefold()
            yield _Token(
                "D",
                day=int(groups[f"{letters}d"]),
                month=int(month) if month.isdigit() else month_numbers()[month],
                year=int(groups[f"{letters}y"] or 0),
                maybe_time=name == "dotted" and not groups["dy"],
            )
    if groups["time"]:
        yield _Token("T", at=_time(int(groups["th"]), int(groups["tm"]), groups["half"]))
    elif groups["hour"]:
        yield _Token("T", at=_time(int(groups["hh"]), 0, groups["part"]))
    elif groups["year"]:
        yield _Token("Y", year=int(groups["yy"]))
    elif groups["number"]:
        yield _Token("N", day=int(groups["number"]))
    elif groups["weekday"]:
        yield _Token("W", weekday=_weekdays()[groups["weekday"].casefold()])
    elif groups["dash"]:
        yield _Token("-")
    elif groups["comma"]:
        yield _Token(",")


def _time(hour: int, minute: int, half: str | None) -> time | None:
    """Return a time of day, or None if there is no such time; `half` is a or p, for a.m. and p.m."""
    if half:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if half.lower() == "p" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None
