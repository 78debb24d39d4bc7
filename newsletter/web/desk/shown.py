"""Moments and days as the desk's pages show them."""

from datetime import date, datetime

from babel.dates import format_datetime
from flask import g

from newsletter.i18n import said
from newsletter.locales import locale


def moment(at: datetime | str) -> str:
    """Format a moment, or one as the database has it, in the workspace's time zone: «пт, 14 лют., 16:00».

    One of another year than this has its year.
    """
    here = g.workspace.local(at)
    years = "" if here.year == g.workspace.local(g.workspace.now()).year else " y"
    return format_datetime(here, f"EEE, d MMM{years}, HH:mm", locale=locale(g.language))


def day(on: date) -> str:
    """Format a day: «14 лютого 2025 р.», "14 February 2025"."""
    return said(on, g.language)
