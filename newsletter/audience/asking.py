"""Confirmation by mail: store a request and queue its letter within limits; carry it out once confirmed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.links import Signer
from newsletter.store import confirmation_limits, letters, requests
from newsletter.store.db import timestamp
from newsletter.store.letters import Lane
from newsletter.store.requests import Kind, Request


@dataclass(frozen=True, slots=True)
class Act:
    """Context of an action: its transaction, the time, the signer, and the sections a reader can leave."""

    connection: Connection
    now: datetime
    signer: Signer
    optional: Collection[str]


class Ending(StrEnum):
    """Result of a confirmation by the mailbox."""

    DONE = "done"
    STOPPED = "stopped"
    """It can no longer be done; nothing was changed or recorded."""


Settle = Callable[[Act, Request], Ending]
"""Carries out a confirmed request, which is locked for update, if that is still possible."""


def ask(
    act: Act, request: Request, letter: str, *, lane: Lane = Lane.READER, turn: float | None = None
) -> tuple[int, bool]:
    """Store `request` and queue the `letter` that asks its mailbox to confirm; return (number, queued).

    No letter is queued where a limit forbids it, which no page may reveal.
    """
    connection, now = act.connection, act.now
    number = requests.put(connection, request, now)
    allowed = confirmation_limits.count(connection, request.email, act.signer, now)
    if allowed:
        letters.put(
            connection,
            kind=letter,
            email=request.email,
            language=request.language,
            request=number,
            now=now,
            lane=lane,
            turn=turn,
        )
    return number, allowed


def confirm(act: Act, request: Request, settle: Settle) -> Ending:
    """Confirm `request`, which is locked for update, and carry it out with `settle`. Idempotent.

    STOPPED where the subscriber whom it changes has not agreed, or `settle` cannot do it any more.
    """
    if request.kind is not Kind.SIGNUP and not request.agreed_at:
        return Ending.STOPPED
    if request.confirmed_at:
        return Ending.DONE
    ending = settle(act, replace(request, confirmed_at=timestamp(act.now)))
    if ending is not Ending.STOPPED:
        requests.confirm(act.connection, request.id, act.now)
        confirmation_limits.answered(act.connection, request.email, act.signer)
    return ending
