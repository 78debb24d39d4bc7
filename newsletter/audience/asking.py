"""Confirmation by a new mailbox: send it a confirmation letter within limits, and record its answer."""

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
    """Result of a confirmation by the mailbox."""

    DONE = "done"
    STOPPED = "stopped"
    """It can no longer be done; nothing was changed or recorded."""


Answer = Callable[[Connection, Request, Collection[str], Signer, datetime], Ending]
"""Handler of a confirmed request (locked for update); gets the optional sections, signer and time."""

Settle = Callable[[Request], Ending]
"""Carries out a request, if that is still possible."""


def ask(  # noqa: PLR0913  the columns of a letter
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
    """Queue a confirmation letter to `email`; False where a limit forbids it, which no page may reveal."""
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
    """Confirm the request `asked`, locked for update, and carry it out with `settle`. Idempotent.

    STOPPED where the subscriber whom it changes has not agreed, or `settle` cannot do it any more.
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
