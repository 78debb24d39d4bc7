"""The delivery ledger: which messages are on the wire now, and the outcome of every delivery.

A chunk of the audience belongs to the worker that raised its epoch (a fencing token) last. Before a body is
sent, one commit (`store/commits.py`) (a) puts its reader into the chunk's `inflight`, (b) inserts the
outcomes known since the last commit, and (c) checks the chunk's epoch and the issue's state: no match, no
body. So after a crash exactly the readers in `inflight` are uncertain.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.model import IssueState, Outcome, Receipt
from newsletter.store.compiled_statements import Prepared
from newsletter.store.db import timestamp
from newsletter.store.schema import audience, chunk, delivery, issue, subscriber

LEASE = 6.0
"""Seconds for which a worker holds a chunk; every commit renews the lease."""

Attempt = tuple[int, int, str]
"""(subscriber, number of the attempt, way)."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A chunk that we hold while its epoch is unchanged; `taken_from` held it and did not release it."""

    issue: str
    chunk: int
    epoch: int
    lo: int
    hi: int
    taken_from: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be made: subscriber, address, edition, and the number of this attempt."""

    subscriber: int
    email: str
    name: str
    edition: str
    attempt: int
    tried_at: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The receipt for one attempt at one delivery, by which way."""

    subscriber: int
    attempt: int
    receipt: Receipt
    way: str = ""


def once(statement: sqlite.Insert | postgresql.Insert) -> Insert:
    """Make an INSERT of deliveries an upsert that replaces deferred ones, and never a final outcome."""
    fresh = {
        column: statement.excluded[column] for column in ("state", "attempt", "code", "detail", "at", "way")
    }
    return statement.on_conflict_do_update(
        index_elements=[delivery.c.issue, delivery.c.subscriber],
        set_=fresh,
        where=delivery.c.state == Outcome.DEFERRED.value,
    )


RUNNING = select(issue.c.name).where(
    issue.c.name == bindparam("_issue"), issue.c.state == IssueState.SENDING.value
)
_RECORD = {
    "sqlite": Prepared(once(sqlite.insert(delivery))),
    "postgresql": Prepared(once(postgresql.insert(delivery))),
}


def acquire(
    connection: Connection, name: str, worker: str, now: datetime, passed: Collection[int]
) -> Lease | None:
    """Lease an open chunk of issue `name` that is due, held by nobody, and not among `passed`; else None."""
    free = (
        select(chunk)
        .join(issue, issue.c.name == chunk.c.issue)
        .where(chunk.c.issue == name, chunk.c.done == 0, chunk.c.lease_until <= now.timestamp())
        .where(issue.c.state == IssueState.SENDING)
        .order_by(chunk.c.id)
        .limit(len(passed) + 1)
        .with_for_update(skip_locked=True, of=chunk)  # on PostgreSQL; SQLite has one writer
    )
    for row in connection.execute(free).all():
        if row.id in passed:
            continue
        mine = connection.execute(
            update(chunk)
            .where(chunk.c.id == row.id, chunk.c.epoch == row.epoch)
            .values(epoch=row.epoch + 1, worker=worker, lease_until=now.timestamp() + LEASE)
        )
        if mine.rowcount == 1:
            return Lease(name, row.id, row.epoch + 1, row.lo, row.hi, row.worker)
    return None


def settle_inflight(connection: Connection, lease: Lease, now: datetime, *, repeatable: bool) -> int:
    """Record as unknown the messages that the chunk's former worker had on the wire; return how many.

    With a `repeatable` transport they are simply sent again, and 0 is returned.
    """
    left = connection.execute(select(chunk.c.inflight).where(chunk.c.id == lease.chunk)).scalar_one()
    connection.execute(update(chunk).where(chunk.c.id == lease.chunk).values(inflight=[]))
    if repeatable:
        return 0
    receipt = Receipt(outcome=Outcome.UNKNOWN, detail="the program ended while sending this message")
    results = [Result(number, attempt, receipt, *way) for number, attempt, *way in left]  # no way: an old one
    record(connection, lease.issue, results, now)
    return len(left)


def due(connection: Connection, lease: Lease, where: ColumnElement[bool] | None = None) -> list[Due]:
    """Return the chunk's deliveries without a final outcome, of readers who match `where`.

    People who have been erased since have an empty address.
    """
    rows = connection.execute(
        select(
            audience.c.subscriber,
            func.coalesce(subscriber.c.email, ""),
            func.coalesce(subscriber.c.name, ""),
            audience.c.edition,
            func.coalesce(delivery.c.attempt, 0) + 1,
            func.coalesce(delivery.c.at, ""),
        )
        .select_from(_members())
        .where(*_open(lease), true() if where is None else where)
        .order_by(audience.c.subscriber)
    ).all()
    return [Due(*row) for row in rows]


def _members() -> FromClause:
    return audience.outerjoin(subscriber, subscriber.c.id == audience.c.subscriber).outerjoin(
        delivery,
        and_(delivery.c.issue == audience.c.issue, delivery.c.subscriber == audience.c.subscriber),
    )


def _open(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        audience.c.issue == lease.issue,
        audience.c.subscriber.between(lease.lo, lease.hi),
        or_(delivery.c.state.is_(None), delivery.c.state == Outcome.DEFERRED),
    )


def running(connection: Connection, name: str) -> bool:
    """Tell whether issue `name` is being sent: neither paused nor cancelled."""
    return connection.execute(RUNNING, {"_issue": name}).first() is not None


def leftovers(connection: Connection, lease: Lease) -> list[tuple[int, int, str]]:
    """Return (subscriber, attempts, last tried at) of the chunk's deliveries without a final outcome."""
    rows = connection.execute(
        select(audience.c.subscriber, func.coalesce(delivery.c.attempt, 0), func.coalesce(delivery.c.at, ""))
        .select_from(_members())
        .where(*_open(lease))
    ).all()
    return [(number, attempts, at) for number, attempts, at in rows]


def release(connection: Connection, lease: Lease, until: float | None) -> None:
    """Release a chunk: done if `until` is None, else available again at `until` (seconds since 1970)."""
    connection.execute(
        update(chunk)
        .where(chunk.c.id == lease.chunk, chunk.c.epoch == lease.epoch)
        .values(done=int(until is None), lease_until=until or 0.0, worker="")
    )


def postpone(connection: Connection, name: str, until: datetime) -> None:
    """Make the open chunks of issue `name` unavailable before `until`, and fence off their workers."""
    connection.execute(
        update(chunk)
        .where(chunk.c.issue == name, chunk.c.done == 0)
        .values(lease_until=until.timestamp(), epoch=chunk.c.epoch + 1)
    )


def withdraw_chunks(connection: Connection, name: str) -> bool:
    """Fence off the workers of issue `name` by raising epochs; tell whether any had messages on the wire.

    It waits for commits in progress, so afterwards nobody can put a message on the wire unnoticed.
    """
    taken = connection.execute(
        update(chunk).where(chunk.c.issue == name).values(epoch=chunk.c.epoch + 1).returning(chunk.c.inflight)
    )
    return any(taken.scalars().all())


def record(connection: Connection, name: str, results: Iterable[Result], now: datetime) -> None:
    """Record outcomes; a final one is never replaced."""
    if found := rows(name, results, now):
        _RECORD[connection.dialect.name].run(connection, found)


def rows(name: str, results: Iterable[Result], now: datetime) -> list[dict[str, str | int]]:
    """Return the rows of `delivery` for `results`, ordered by subscriber.

    With one order everywhere, two transactions on PostgreSQL that write the same rows do not deadlock.
    """
    at = timestamp(now)
    return [_row(name, result, at) for result in sorted(results, key=attrgetter("subscriber"))]


def settle(connection: Connection, name: str, results: Iterable[Result], now: datetime) -> int:
    """Replace outcomes that are unknown, and no others, with what the same attempt turned out to be.

    Return how many were replaced.
    """
    done, at = 0, timestamp(now)
    for result in results:
        values = _row(name, result, at)
        if not result.way:
            del values["way"]
        done += connection.execute(
            update(delivery)
            .where(
                delivery.c.issue == name,
                delivery.c.subscriber == result.subscriber,
                delivery.c.attempt == result.attempt,
                delivery.c.state == Outcome.UNKNOWN,
            )
            .values(values)
        ).rowcount
    return done


def _row(name: str, result: Result, at: str) -> dict[str, str | int]:
    return {
        "issue": name,
        "subscriber": result.subscriber,
        "state": str(result.receipt.outcome),
        "attempt": result.attempt,
        "code": result.receipt.code,
        "detail": result.receipt.detail,
        "at": at,
        "way": result.way,
    }
