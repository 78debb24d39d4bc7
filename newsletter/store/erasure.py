"""Erase a person: only a keyed hash of the address remains, so that no list brings it back.

Requests, consents and choices are deleted with the subscriber's row (ON DELETE CASCADE). While files may
still hold the person's data, a row of `erasing` records it; erasing the same address again then finishes it.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, delete, or_, select, update

from newsletter.links import Signer
from newsletter.store import api_answers, confirmation_limits, notices, optouts, wal
from newsletter.store.db import plain_errors, reading, timestamp, upsert, writing
from newsletter.store.locking import retry_conflicts
from newsletter.store.people import key, lock
from newsletter.store.schema import delivery, erased, erasing, event, issue, letter, request, subscriber

_BATCH = 1000
_TRIES = 200  # at truncating the write-ahead log while somebody reads: four seconds in all


class Erased(StrEnum):
    """Result of an erasure; falsy when nothing was known of the person."""

    NOTHING = ""
    DONE = "erased"
    FINISHED = "finished"
    """An erasure that an earlier run had begun is now finished."""
    BEGUN = "begun"
    """Deleted from the tables, but still in the write-ahead log because of a long-running read."""


def erase(
    engine: Engine, email: str, signer: Signer, now: datetime, files: Callable[[int], None] = lambda _: None
) -> Erased:
    """Erase the person with this address from the database, its log and, through `files`, from other files.

    `files` is called with the subscriber number, 0 for somebody who had only made a request. Deliveries and
    events stay as numbers; their texts, which may quote the address, are emptied.
    """
    digest = signer.digest(key(email))
    number, begun = retry_conflicts(lambda: _begin(engine, email, signer, now))
    left = number if number is not None else begun
    if left is None:
        return Erased.NOTHING
    files(left)
    if not _finish(engine, digest):
        return Erased.BEGUN
    return Erased.FINISHED if number is None else Erased.DONE


def _begin(engine: Engine, email: str, signer: Signer, now: datetime) -> tuple[int | None, int | None]:
    """Delete the person and record that files remain; return their number, and that of an earlier start."""
    digest = signer.digest(key(email))
    with writing(engine) as connection:
        begun = _begun(connection, digest)
        number = _remove(connection, email, signer, now)
        if number is not None:
            row = {"digest": digest, "subscriber": number or begun or 0, "at": timestamp(now)}
            statement = upsert(connection, erasing)
            replaced = {"subscriber": statement.excluded.subscriber, "at": statement.excluded.at}
            connection.execute(
                statement.on_conflict_do_update(index_elements=[erasing.c.digest], set_=replaced), row
            )
    return number, begun


def _lock(connection: Connection, email: str) -> int | None:
    """Lock all rows that an erasure changes, in the same order as confirmations and event processing."""
    number = select(subscriber.c.id).where(subscriber.c.email_key == key(email)).scalar_subquery()
    for rows in (
        select(request.c.id)
        .where(or_(request.c.email_key == key(email), request.c.subscriber == number))
        .order_by(request.c.id),
        select(event.c.id).where(event.c.subscriber == number).order_by(event.c.id),
    ):
        connection.execute(rows.with_for_update()).all()
    person, _ = lock(connection, email)
    return person.id if person else None


def _remove(connection: Connection, email: str, signer: Signer, now: datetime) -> int | None:
    """Delete the person from all tables; return their number, 0 if they had none, None if unknown."""
    number = _lock(connection, email)
    letters = connection.execute(delete(letter).where(letter.c.email_key == key(email))).rowcount
    requests = connection.execute(delete(request).where(request.c.email_key == key(email))).rowcount
    counts = confirmation_limits.forget(connection, email, signer)
    if number is None and not letters and not requests and not counts:
        return None
    connection.execute(
        update(delivery)
        .where(delivery.c.issue.in_(select(issue.c.name)), delivery.c.subscriber == number)
        .values(detail="")
    )
    connection.execute(update(event).where(event.c.subscriber == number).values(detail=""))
    connection.execute(delete(subscriber).where(subscriber.c.id == number))
    if number is not None:
        notices.put_erased(connection, number, now)
    api_answers.forget_personal(connection)
    connection.execute(
        upsert(connection, erased).on_conflict_do_nothing(),
        {"digest": signer.digest(key(email)), "at": timestamp(now)},
    )
    return number or 0


def _begun(connection: Connection, digest: bytes) -> int | None:
    query = select(erasing.c.subscriber).where(erasing.c.digest == digest)
    return connection.execute(query).scalar_one_or_none()


def _finish(engine: Engine, digest: bytes) -> bool:
    """Truncate the log and record that the erasure is complete; False when the log could not be truncated."""
    if engine.dialect.name == "sqlite" and not _empty_log(engine):
        return False
    with writing(engine) as connection:
        connection.execute(delete(erasing).where(erasing.c.digest == digest))
    return True


def begun(connection: Connection, email: str, signer: Signer) -> int | None:
    """Return the subscriber number of an unfinished erasure, 0 if they had none; None if there is none."""
    return _begun(connection, signer.digest(key(email)))


def finish_all(engine: Engine, before: datetime, files: Callable[[int], None]) -> int:
    """Finish the erasures that were begun before `before`; call `files` as `erase` does. Return how many."""
    with reading(engine) as connection:
        query = select(erasing.c.digest, erasing.c.subscriber).where(erasing.c.at < timestamp(before))
        left = connection.execute(query).all()
    done = 0
    for digest, number in left:
        files(number)
        done += _finish(engine, digest)
    return done


def erased_at(connection: Connection, email: str, signer: Signer) -> str | None:
    """Return when this address was erased, or None."""
    query = select(erased.c.at).where(erased.c.digest == signer.digest(key(email)))
    return connection.execute(query).scalar_one_or_none()


def returned(connection: Connection, signer: Signer) -> list[str]:
    """Return the addresses of erased people who are subscribers again, because a backup was restored."""
    marks = set(connection.execute(select(erased.c.digest)).scalars())
    rows = connection.execute(
        select(subscriber.c.email, subscriber.c.email_key), execution_options={"yield_per": _BATCH}
    )
    return [email for email, email_key in rows if marks and signer.digest(email_key) in marks]


def readmit(connection: Connection, email: str, signer: Signer) -> None:
    """Remove the erasure mark and opt-outs of an address whose own reader wants the digest again."""
    connection.execute(delete(erased).where(erased.c.digest == signer.digest(key(email))))
    optouts.lift(connection, email, signer)


def _empty_log(engine: Engine) -> bool:
    """Truncate SQLite's write-ahead log, which still holds old pages; False when a long read prevents it."""
    with plain_errors(engine):
        return wal.cut(engine, tries=_TRIES)
