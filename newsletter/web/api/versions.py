"""The version of the API, and the dates of its end, which are said a year ahead."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from flask import Response

PREFIX = "/api/v1"
RELEASE = "1.0.0"
POLICY = (
    "JSON in UTF-8; times in UTC. Version 1 was released on 2026-11-29. Within a version, routes, optional"
    " parameters and members of answers are only added: a program ignores members that it does not know."
    " What will be taken away is announced by the headers Deprecation (RFC 9745) and Sunset (RFC 8594) with"
    " their dates, a year ahead at least, and a version that replaces this one stands beside it as long."
)


@dataclass(frozen=True, slots=True)
class Dates:
    """When a version was deprecated, and when it ends; None as long as it is not to end."""

    deprecated: date | None = None
    ends: date | None = None


FIRST = Dates()
"""The dates of version 1."""


def announce(response: Response, dates: Dates) -> Response:
    """Add the headers that say when a version ends."""
    if dates.deprecated:
        response.headers["Deprecation"] = f"@{int(_midnight(dates.deprecated).timestamp())}"
    if dates.ends:
        response.headers["Sunset"] = format_datetime(_midnight(dates.ends), usegmt=True)
    return response


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
