"""Diagnose deliverability: a sender's DNS, relay and web addresses, held against what mailbox providers ask.

Not here: the workspace, its database and mailbox (newsletter/services/doctor.py), the words of a terminal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from newsletter.packed import packed, unpacked


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


def as_stored(result: Result) -> dict[str, Any]:
    """Return a result as a job keeps it: in English, and so that it can be said in any language."""
    english = {name: str(value) for name, value in asdict(result).items()}
    return {**english, "said": [packed(result.text), packed(result.hint)]}


def stored(found: Mapping[str, Any]) -> Result:
    """Return what `as_stored` was given."""
    text, hint = map(unpacked, found.get("said") or (found["text"], found["hint"]))
    return Result(subject=found["subject"], level=Level(found["level"]), text=text, hint=hint)


def worst(results: Iterable[Result]) -> Level:
    """Return the most serious level among results."""
    found = {result.level for result in results}
    return next((level for level in (Level.ERROR, Level.WARNING) if level in found), Level.OK)
