"""What the webhooks of all providers share: JSON of unknown shape, and the event that is made of it."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from newsletter.names import read_name
from newsletter.store.db import timestamp
from newsletter.store.events import Event, Kind
from newsletter.transport.smtp_replies import storable

POLICY = "5.7.1"
"""Delivery not authorized, message refused (RFC 3463)."""

NO_MAILBOX = "5.1.1"
"""Bad destination mailbox address (RFC 3463)."""

Said = tuple[Kind | None, str, str]
"""What an event says: its kind, status and words; without a kind, only that the provider has the message."""

HAS_IT: Said = (None, "", "")

_EARLIEST = timedelta(minutes=5)  # clocks may differ
_IDENTITY = re.compile(r"[!-~]{1,200}")
_MOST_SUBSCRIBERS = 1 << 40


def read(body: bytes | str) -> Any:
    """Return a JSON document. Raises ValueError."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("too deep") from None


def read_object(body: bytes | str) -> Mapping[str, Any]:
    """Return a JSON object. Raises ValueError."""
    found = read(body)
    if not isinstance(found, dict):
        raise ValueError("not an event")  # noqa: TRY004  one kind of error for one kind of fault
    return found


def part(one: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object `name` in `one`; an empty one if there is none."""
    found = one.get(name)
    return found if isinstance(found, dict) else {}


def text(one: Mapping[str, Any], name: str) -> str | None:
    """Return the text `name` in `one`; None if there is none."""
    found = one.get(name)
    return found if isinstance(found, str) else None


def line(words: object) -> str:
    """Return words in one line."""
    return " ".join(str(words or "").split())


def moment(told: object, now: datetime) -> datetime:
    """Return the moment in seconds since 1970 or in ISO 8601; `now` if none is told. Raises ValueError."""
    try:
        if not told:
            return now
        if isinstance(told, str) and "-" in told:
            return datetime.fromisoformat(told).astimezone(UTC)
        return datetime.fromtimestamp(float(told), UTC)  # type: ignore[arg-type]  # else a TypeError
    except (TypeError, OverflowError, OSError):
        raise ValueError("no moment") from None


def fresh(at: datetime, now: datetime, oldest: timedelta) -> bool:
    """Tell whether something signed at `at` is neither older than `oldest` nor of the future."""
    return -_EARLIEST <= now - at <= oldest


def event(  # noqa: PLR0913, PLR0917  all that an event is made of
    source: str, identity: object, delivery: str | None, said: Said | None, at: object, now: datetime
) -> Event | None:
    """Return an event, or None where it is not about a delivery of ours, or of a kind we do not use.

    `delivery` is the id that we gave the message: the issue, a colon, the subscriber. `identity` is the same
    when the provider repeats the event.
    """
    name, _, number = (delivery or "").partition(":")
    try:
        issue, subscriber = read_name(name).isoformat(), int(number)
        happened = timestamp(min(moment(at, now), now))
    except (ValueError, OverflowError):
        return None
    kind, code, words = said or HAS_IT
    ours = 0 < subscriber < _MOST_SUBSCRIBERS and _IDENTITY.fullmatch(str(identity or ""))
    if kind is None or not ours:
        return None
    return Event(
        id=f"{source}:{identity}",
        source=source,
        kind=kind,
        subscriber=subscriber,
        issue=issue,
        code=code,
        detail=storable(words),
        at=happened,
    )
