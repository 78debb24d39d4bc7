"""Asking at a second mailbox: how often, and what the answer comes to."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.store import letters, requests
from newsletter.store.people import Record
from newsletter.store.requests import Kind
from newsletter.store.restraint import may_be_asked

_REST = timedelta(days=1)


class Ending(StrEnum):
    """What became of a request after somebody answered."""

    WAITING = "waiting"
    """For the other mailbox."""
    DONE = "done"
    STOPPED = "stopped"
    """It cannot be done any more; nothing was changed or recorded."""


def asked_lately(connection: Connection, kind: Kind, person: Record, now: datetime) -> bool:
    """Tell whether this was asked for `person` within a day: once is enough."""
    return requests.made_since(connection, kind, person.id, now - _REST)


def ask(  # noqa: PLR0913  what a letter is made of
    connection: Connection, *, kind: str, email: str, language: str, request: int, now: datetime
) -> bool:
    """Have `email` asked by a letter, if it may be; False when not, which no page may show."""
    allowed = may_be_asked(connection, email, now)
    if allowed:
        letters.put(connection, kind=kind, email=email, language=language, request=request, now=now)
    return allowed
