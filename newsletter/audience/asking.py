"""Asking a new mailbox whether it takes over: how often it is asked, and what its answer comes to."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.links import Signer
from newsletter.store import confirmation_limits, letters, requests
from newsletter.store.db import timestamp
from newsletter.store.letters import Lane
from newsletter.store.requests import Request


class Ending(StrEnum):
    """What became of a request after the mailbox answered."""

    DONE = "done"
    STOPPED = "stopped"
    """It cannot be done any more; nothing was changed or recorded."""


Answer = Callable[[Connection, Request, Collection[str], Signer, datetime], Ending]
"""What a mailbox's yes does to a request that is held for update; given the sections that can be left."""

Settle = Callable[[Request], Ending]
"""Does what was asked, if it still can be done."""


def ask(  # noqa: PLR0913  what a letter is made of
    connection: Connection,
    *,
    kind: str,
    email: str,
    language: str,
    request: int,
    signer: Signer,
    now: datetime,
    lane: Lane = Lane.READER,
    turn: float | None = None,
) -> bool:
    """Have `email` asked by a letter, if it may be; False when not, which no page may show."""
    allowed = confirmation_limits.count(connection, email, signer, now)
    if allowed:
        letters.put(
            connection,
            kind=kind,
            email=email,
            language=language,
            request=request,
            now=now,
            lane=lane,
            turn=turn,
        )
    return allowed


def confirm(connection: Connection, asked: Request, settle: Settle, signer: Signer, now: datetime) -> Ending:
    """Record that the other address confirms `asked`, and settle it; it is held for update.

    The reader whom it changes has agreed before it was asked for; a request without that is not settled.
    """
    if not asked.agreed_at:
        return Ending.STOPPED
    if asked.confirmed_at:
        return Ending.DONE
    ending = settle(replace(asked, confirmed_at=timestamp(now)))
    if ending is not Ending.STOPPED:
        requests.confirm(connection, asked.id, now)
        confirmation_limits.answered(connection, asked.email, signer)
    return ending
