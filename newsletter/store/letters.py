"""Letters that the pages cause: put here by a request, sent by whoever sends, tried again for a while."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from newsletter.store.db import timestamp
from newsletter.store.people import key
from newsletter.store.schema import letter, note

NOTE = "note"
"""The kind of a letter to an editor: it leaves before all others, and is tried until it is answered."""
_TRIES = 5
_LEASE = 600.0
"""Seconds in which whoever took a letter must send it; after that another may."""
_KEPT = timedelta(days=30)
_HOURLY = 1000
"""Letters that leave in an hour at most: programs may type in strangers' addresses from many networks."""
_OPEN = letter.c.sent_at == "", or_(letter.c.tries < _TRIES, letter.c.kind == NOTE)


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
    """Have a letter of `kind` sent to `email`; of very many in an hour, each waits for its turn."""
    before = select(letter.c.due_at).order_by(letter.c.id.desc()).offset(_HOURLY - 1).limit(1)
    free_at = connection.execute(before).scalar_one_or_none() or 0
    connection.execute(
        insert(letter).values(
            kind=kind,
            request=request,
            email=email,
            email_key=key(email),
            language=language,
            created_at=timestamp(now),
            due_at=max(now.timestamp(), free_at + 3600),
        )
    )


def put_note(connection: Connection, emails: Iterable[str], subject: str, text: str, now: datetime) -> None:
    """Have a note sent to each editor, in the transaction that causes it."""
    for email in emails:
        values = {"email": email, "email_key": key(email), "language": "", "created_at": timestamp(now)}
        number = connection.execute(
            insert(letter).values(kind=NOTE, request=None, due_at=0.0, **values).returning(letter.c.id)
        ).scalar_one()
        connection.execute(insert(note).values(letter=number, subject=subject, text=text))


def note_words(connection: Connection, number: int) -> tuple[str, str] | None:
    """Return subject and text of the note that letter `number` is."""
    found = connection.execute(select(note.c.subject, note.c.text).where(note.c.letter == number)).first()
    return (found.subject, found.text) if found else None


def waiting(connection: Connection) -> int:
    """Return how many letters are to be sent, now or at a later try."""
    query = select(func.count()).select_from(letter).where(*_OPEN)
    return connection.execute(query).scalar_one()


def due(connection: Connection, now: datetime) -> bool:
    """Tell whether `take` would return any letter."""
    return connection.execute(select(letter.c.id).where(*_due(now)).limit(1)).first() is not None


def take(connection: Connection, now: datetime, limit: int = 20) -> Sequence[Letter]:
    """Return letters that are due, each to nobody else for ten minutes; each is tried five times at most."""
    waiting = (
        select(letter.c.id)
        .where(*_due(now))
        .order_by(letter.c.kind != NOTE, letter.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    numbers = connection.execute(waiting).scalars().all()
    taken = connection.execute(
        update(letter)
        .where(letter.c.id.in_(numbers))
        .values(tries=letter.c.tries + 1, due_at=now.timestamp() + _LEASE)
        .returning(
            letter.c.id, letter.c.kind, letter.c.request, letter.c.email, letter.c.language, letter.c.tries
        )
    )
    return [Letter(**row) for row in taken.mappings()]


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return *_OPEN, letter.c.due_at <= now.timestamp()


def put_back(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """Make letters due at once that were taken and certainly did not leave; the try does not count."""
    connection.execute(
        update(letter)
        .where(letter.c.id.in_(numbers))
        .values(tries=letter.c.tries - 1, due_at=now.timestamp())
    )


def settle(connection: Connection, number: int, detail: str, now: datetime, *, done: bool) -> None:
    """Record what the server said of letter `number`: its last word when `done`, else it is tried again."""
    values = {"detail": detail} | ({"sent_at": timestamp(now)} if done else {})
    connection.execute(update(letter).where(letter.c.id == number).values(values))


def drop(connection: Connection, numbers: Collection[int]) -> None:
    """Forget letters that have nothing to say any more."""
    connection.execute(delete(letter).where(letter.c.id.in_(numbers)))


def prune(connection: Connection, now: datetime) -> int:
    """Forget letters older than 30 days; return how many."""
    return connection.execute(delete(letter).where(letter.c.created_at <= timestamp(now - _KEPT))).rowcount
