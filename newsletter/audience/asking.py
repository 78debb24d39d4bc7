"""Asking at a second mailbox: how often, and what the answer comes to."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.links import Signer
from newsletter.store import letters, requests, restraint
from newsletter.store.db import timestamp
from newsletter.store.people import Record
from newsletter.store.requests import Kind, Request

_REST = timedelta(days=1)


class Ending(StrEnum):
    """What became of a request after somebody answered."""

    WAITING = "waiting"
    """For the other mailbox."""
    DONE = "done"
    STOPPED = "stopped"
    """It cannot be done any more; nothing was changed or recorded."""


Answer = Callable[[Connection, Request, Collection[str], Signer, datetime], Ending]
"""What a mailbox's yes does to a request that is held for update; given the sections that can be left."""

Settle = Callable[[Request], Ending]
"""Does what was asked, if both mailboxes have said yes and it still can be done."""


def asked_lately(connection: Connection, kind: Kind, person: Record, now: datetime) -> bool:
    """Tell whether this was asked for `person` within a day: once is enough."""
    return requests.made_since(connection, kind, person.id, now - _REST)


def ask(  # noqa: PLR0913  what a letter is made of
    connection: Connection,
    *,
    kind: str,
    email: str,
    language: str,
    request: int,
    signer: Signer,
    now: datetime,
) -> bool:
    """Have `email` asked by a letter, if it may be; False when not, which no page may show."""
    allowed = restraint.count(connection, email, signer, now)
    if allowed:
        letters.put(connection, kind=kind, email=email, language=language, request=request, now=now)
    return allowed


def agree(connection: Connection, asked: Request, settle: Settle, now: datetime) -> Ending:
    """Record that the reader whom `asked` changes agrees to it, and settle it; it is held for update."""
    if asked.agreed_at:
        return Ending.DONE if asked.confirmed_at else Ending.WAITING
    ending = settle(replace(asked, agreed_at=timestamp(now)))
    if ending is not Ending.STOPPED:
        requests.agree(connection, asked.id, now)
    return ending


def confirm(connection: Connection, asked: Request, settle: Settle, signer: Signer, now: datetime) -> Ending:
    """Record that the other address confirms `asked`, and settle it; it is held for update."""
    if asked.confirmed_at:
        return Ending.DONE if asked.agreed_at else Ending.WAITING
    ending = settle(replace(asked, confirmed_at=timestamp(now)))
    if ending is not Ending.STOPPED:
        requests.confirm(connection, asked.id, now)
        restraint.answered(connection, asked.email, signer)
    return ending
