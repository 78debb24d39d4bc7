"""Diagnose deliverability: a sender's DNS, relay and web addresses, held against what mailbox providers ask.

Not here: the workspace, its database and mailbox (newsletter/services/doctor.py), the words of a terminal.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a result is; `skipped` says why something could not apply here."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check found out: its subject, such as `spf`, what it saw, and what to do."""

    subject: str
    level: Level
    text: str
    hint: str = ""


def passed(subject: str, text: str) -> Result:
    """Return the result of a check that found everything as it should be."""
    return Result(subject=subject, level=Level.OK, text=text)


def warned(subject: str, text: str, hint: str = "") -> Result:
    """Return a result that should be looked at, or a check whose answer stayed unknown."""
    return Result(subject=subject, level=Level.WARNING, text=text, hint=hint)


def failed(subject: str, text: str, hint: str = "") -> Result:
    """Return a result that will cost messages."""
    return Result(subject=subject, level=Level.ERROR, text=text, hint=hint)


def skipped(subject: str, text: str) -> Result:
    """Return the result of a check that does not apply, and why."""
    return Result(subject=subject, level=Level.SKIPPED, text=text)
