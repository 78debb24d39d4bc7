"""Durations as people write them: `90s`, `10m`, `6h`, `2d`; and ages by the calendar, `13 months`."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta | None:
    """Parse a number below 100000 with one of the units s, m, h, d; return None if `text` is not that."""
    found = re.fullmatch(r"(\d{1,5})([smhd])", text, re.ASCII)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


_AGES = re.compile(r"(\d{1,4}) (day|week|month|year)s?", re.ASCII)
_MOST = 100  # years: further back there is no calendar to count by


@dataclass(frozen=True, slots=True)
class Age:
    """An age by the calendar: months and days."""

    months: int = 0
    days: int = 0

    def before(self, moment: datetime) -> datetime:
        """Return the moment so long before `moment`; of a shorter month its last day."""
        month = moment.year * 12 + moment.month - 1 - self.months
        year, month = month // 12, month % 12 + 1
        day = min(moment.day, monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day) - timedelta(days=self.days)

    def __str__(self) -> str:
        """Return it as people write it."""
        number, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{number} {unit}{'' if number == 1 else 's'}"


def parse_age(text: str) -> Age | None:
    """Parse `30 days`, `2 weeks`, `13 months` or `2 years`; return None if `text` is none of these."""
    found = _AGES.fullmatch(text)
    if not found or not 0 < (number := int(found[1])) <= _MOST * 12:
        return None
    unit = found[2]
    if unit in ("month", "year"):
        months = number * (12 if unit == "year" else 1)
        return Age(months=months) if months <= _MOST * 12 else None
    return Age(days=number * (7 if unit == "week" else 1))
