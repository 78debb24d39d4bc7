"""Letters that the pages cause: put here by a request, sent by whoever sends, tried again for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from newsletter.store.db import timestamp
from newsletter.store.people import key
from newsletter.store.schema import letter

_TRIES = 5
_LEASE = 600.0
"""Seconds in which whoever took a letter must send it; after that another may."""
_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter to write: which template of `templates/mail`, to whom, and for which request."""

    id: int
    kind: str
    request: int | None
    email: str
    language: str
    tries: int


def put(  # noqa: PLR0913  what a letter is made of
    connection: Connection, *, kind: str, email: str, language: str, request: int | None, now: datetime
) -> None:
    """Have a letter of `kind` sent to `email`."""
    connection.execute(
        insert(letter).values(
            kind=kind,
            request=request,
            email=email,
            email_key=key(email),
            language=language,
            created_at=timestamp(now),
            due_at=now.timestamp(),
        )
    )


def written_since(connection: Connection, email: str, since: datetime) -> int:
    """Return how many letters were put for this address since then, sent or not."""
    query = (
        select(func.count())
        .select_from(letter)
        .where(letter.c.email_key == key(email), letter.c.created_at > timestamp(since))
    )
    return connection.execute(query).scalar_one()


def take(connection: Connection, now: datetime, limit: int = 20) -> Sequence[Letter]:
    """Return letters that are due, each to nobody else for ten minutes; each is tried five times at most."""
    due = (
        select(letter.c.id)
        .where(letter.c.sent_at == "", letter.c.tries < _TRIES, letter.c.due_at <= now.timestamp())
        .order_by(letter.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    numbers = connection.execute(due).scalars().all()
    taken = connection.execute(
        update(letter)
        .where(letter.c.id.in_(numbers))
        .values(tries=letter.c.tries + 1, due_at=now.timestamp() + _LEASE)
        .returning(
            letter.c.id, letter.c.kind, letter.c.request, letter.c.email, letter.c.language, letter.c.tries
        )
    )
    return [Letter(**row) for row in taken.mappings()]


def settle(connection: Connection, number: int, detail: str, now: datetime, *, sent: bool) -> None:
    """Record what the server said of letter `number`; one that it did not take is tried again later."""
    values = {"detail": detail} | ({"sent_at": timestamp(now)} if sent else {})
    connection.execute(update(letter).where(letter.c.id == number).values(values))


def prune(connection: Connection, now: datetime) -> int:
    """Forget letters older than 30 days; return how many."""
    return connection.execute(delete(letter).where(letter.c.created_at <= timestamp(now - _KEPT))).rowcount
