"""Queue of letters (opt-in and service mails, notes to editors): requests add them, a worker sends them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from newsletter.store import rate_limits
from newsletter.store.db import timestamp
from newsletter.store.people import key
from newsletter.store.schema import letter, note

NOTE = "note"
"""The kind of a letter to an editor: it is sent before all others, and retried without limit."""
SIGN_IN = "sign_in"
"""The kind of a letter with a link to sign in at the desk; store/sign_ins.py has its request."""
_TRIES = 5
_LEASE = 600.0
"""Seconds for which a worker leases a letter; after that another may take it."""
_KEPT = timedelta(days=30)
_RATE = rate_limits.Rate(span=3.6, burst=300)
"""Limit of each lane, a thousand an hour: bots may enter strangers' addresses from many networks."""
_RESERVE = 200
"""Part of the burst that is reserved for letters whose turn has come."""
_COUNTED = 10_000  # at most so many letters are counted to estimate a waiting time
_OPEN = letter.c.sent_at == "", or_(letter.c.tries < _TRIES, letter.c.kind == NOTE)


class Lane(IntEnum):
    """Priority of a letter by its recipient: letters to editors and readers never wait for visitors'."""

    EDITOR = 0
    READER = 1
    VISITOR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A queued letter: `kind` is its template in `templates/mail`; `request` is the request it is for."""

    id: int
    kind: str
    request: int | None
    email: str
    language: str
    tries: int


def put(  # noqa: PLR0913  the columns of a letter
    connection: Connection,
    *,
    kind: str,
    email: str,
    language: str,
    request: int | None,
    now: datetime,
    lane: Lane = Lane.READER,
    turn: float | None = None,
) -> int:
    """Queue a letter of `kind` to `email` and return its number.

    A lane sends in order of `turn`, in seconds since 1970.
    """
    values = {"email": email, "email_key": key(email), "language": language, "created_at": timestamp(now)}
    statement = insert(letter).values(
        kind=kind,
        request=request,
        due_at=now.timestamp(),
        lane=lane,
        turn=now.timestamp() if turn is None else turn,
        **values,
    )
    number: int = connection.execute(statement.returning(letter.c.id)).scalar_one()
    return number


def put_note(connection: Connection, emails: Iterable[str], subject: str, text: str, now: datetime) -> None:
    """Queue a note to each editor, in the same transaction as the change it reports."""
    for email in emails:
        values = {"email": email, "email_key": key(email), "language": "", "created_at": timestamp(now)}
        number = connection.execute(
            insert(letter)
            .values(kind=NOTE, request=None, due_at=0.0, lane=Lane.EDITOR, **values)
            .returning(letter.c.id)
        ).scalar_one()
        connection.execute(insert(note).values(letter=number, subject=subject, text=text))


def note_words(connection: Connection, number: int) -> tuple[str, str] | None:
    """Return the subject and text of letter `number` if it is a note."""
    found = connection.execute(select(note.c.subject, note.c.text).where(note.c.letter == number)).first()
    return (found.subject, found.text) if found else None


def wait(connection: Connection, lane: Lane, turn: float, now: datetime) -> float:
    """Estimate for how many seconds a letter with this turn will wait."""
    before = (
        select(letter.c.id)
        .where(*_OPEN, letter.c.lane == lane, letter.c.turn <= turn)
        .limit(_COUNTED)
        .subquery()
    )
    number = connection.execute(select(func.count()).select_from(before)).scalar_one()
    spare = _spare(connection, lane, now) - (0 if turn <= now.timestamp() else _RESERVE)
    return max(0, number - max(0, spare)) * _RATE.span


def waiting(connection: Connection) -> int:
    """Return how many letters are still to be sent, retries included."""
    query = select(func.count()).select_from(letter).where(*_OPEN)
    return connection.execute(query).scalar_one()


def due(connection: Connection, now: datetime) -> bool:
    """Tell whether `take` would return any letter."""
    for lane in Lane:
        spare, wanted = _spare(connection, lane, now), _due(lane, now)
        if spare <= _RESERVE:
            wanted = (*wanted, letter.c.turn <= now.timestamp())
        if spare and connection.execute(select(letter.c.id).where(*wanted).limit(1)).first():
            return True
    return False


def take(connection: Connection, now: datetime, limit: int = 10) -> Sequence[Letter]:
    """Lease letters that are due for ten minutes; each is tried five times at most, notes without limit.

    Notes come first, then readers' letters. Each lane has its own rate limit.
    """
    numbers: list[int] = []
    for lane in Lane:
        numbers += _next(connection, lane, now, limit - len(numbers))
    taken = connection.execute(
        update(letter)
        .where(letter.c.id.in_(numbers))
        .values(tries=letter.c.tries + 1, due_at=now.timestamp() + _LEASE)
        .returning(
            letter.c.id, letter.c.kind, letter.c.request, letter.c.email, letter.c.language, letter.c.tries
        )
    )
    letters = {row["id"]: Letter(**row) for row in taken.mappings()}
    return [letters[number] for number in numbers]


def _next(connection: Connection, lane: Lane, now: datetime, limit: int) -> Sequence[int]:
    """Return the next letters of a lane, at most `limit`, and charge them to its rate limit."""
    spare = _spare(connection, lane, now, for_update=True)
    if min(limit, spare) <= 0:
        return ()
    rows = connection.execute(
        select(letter.c.id, letter.c.turn)
        .where(*_due(lane, now))
        .order_by(letter.c.turn, letter.c.id)
        .limit(min(limit, spare))
        .with_for_update(skip_locked=True)
    ).all()
    numbers = [
        row.id for place, row in enumerate(rows) if row.turn <= now.timestamp() or place < spare - _RESERVE
    ]
    if numbers:
        rate_limits.spend(connection, _scope(lane), _RATE, len(numbers), now.timestamp())
    return numbers


def _due(lane: Lane, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the SQL condition for letters to take: due, or due so far ahead that a clock was wrong."""
    return (
        *_OPEN,
        letter.c.lane == lane,
        or_(letter.c.due_at <= now.timestamp(), letter.c.due_at > now.timestamp() + 2 * _LEASE),
    )


def _spare(connection: Connection, lane: Lane, now: datetime, *, for_update: bool = False) -> int:
    """Return how many letters of a lane may be sent now."""
    return rate_limits.spare(connection, _scope(lane), _RATE, now.timestamp(), for_update=for_update)


def _scope(lane: Lane) -> str:
    return f"letters:{lane.name.lower()}"


def put_back(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """Make leased letters due at once that were certainly not sent; the try does not count."""
    connection.execute(
        update(letter)
        .where(letter.c.id.in_(numbers))
        .values(tries=letter.c.tries - 1, due_at=now.timestamp())
    )


def settle(connection: Connection, number: int, detail: str, now: datetime, *, done: bool) -> None:
    """Record the server's reply to letter `number`: final when `done`, else it is tried again."""
    values = {"detail": detail} | ({"sent_at": timestamp(now)} if done else {})
    connection.execute(update(letter).where(letter.c.id == number).values(values))


def drop(connection: Connection, numbers: Collection[int]) -> None:
    """Delete letters that are no longer needed."""
    connection.execute(delete(letter).where(letter.c.id.in_(numbers)))


def too_old(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for letters older than 30 days."""
    return letter.c.created_at <= timestamp(now - _KEPT)
