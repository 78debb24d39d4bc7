"""Moments and days as the desk's pages show them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from flask import g

from newsletter.locales import locale


def moment(at: datetime | str) -> str:
    """Format a moment, or one as the database has it, in the workspace's time zone: «пт, 14 лют., 16:00»."""
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    here = when.astimezone(ZoneInfo(g.workspace.settings.timezone))
    return format_datetime(here, "EEE, d MMM, HH:mm", locale=locale(g.language))


def day(on: date) -> str:
    """Format a day: «14 лютого 2025 р.»."""
    return format_date(on, "long", locale=locale(g.language))
