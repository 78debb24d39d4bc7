"""The delivery ledger: what is on the wire now, and what became of every delivery.

A chunk of the audience belongs to whoever raised its epoch last. Before a body leaves, one commit
(`store/commits.py`) (a) puts its reader into the chunk's `inflight`, (b) inserts the outcomes known since the
last one, and (c) matches the chunk's epoch and the issue's state: no match, no body. So after a crash exactly
the readers in `inflight` are uncertain.
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
"""Seconds for which a chunk is its worker's own; every commit renews it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A chunk that is ours while its epoch stands; `taken_from` is the worker that left it, if one did."""

    issue: str
    chunk: int
    epoch: int
    lo: int
    hi: int
    taken_from: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be made: who, where to, which edition, and which attempt this is."""

    subscriber: int
    email: str
    name: str
    edition: str
    attempt: int
    tried_at: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one delivery at one attempt."""

    subscriber: int
    attempt: int
    receipt: Receipt


def once(statement: sqlite.Insert | postgresql.Insert) -> Insert:
    """Let an INSERT of deliveries replace those that were deferred, and none that has a final outcome."""
    fresh = {column: statement.excluded[column] for column in ("state", "attempt", "code", "detail", "at")}
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
    """Take an open chunk of issue `name` that nobody holds, that is due, and not among `passed`."""
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
    """Enter as unknown whoever the chunk's former holder left on the wire; return how many."""
    left = connection.execute(select(chunk.c.inflight).where(chunk.c.id == lease.chunk)).scalar_one()
    connection.execute(update(chunk).where(chunk.c.id == lease.chunk).values(inflight=[]))
    if repeatable:
        return 0
    receipt = Receipt(outcome=Outcome.UNKNOWN, detail="the program ended while this message was leaving")
    record(connection, lease.issue, [Result(number, attempt, receipt) for number, attempt in left], now)
    return len(left)


def due(connection: Connection, lease: Lease, where: ColumnElement[bool] | None = None) -> list[Due]:
    """Return the chunk's deliveries without a final outcome, of readers who match `where`.

    Who has been erased since has an empty address.
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
    """Give a chunk back: done, or to be taken again from the moment `until` (seconds since 1970)."""
    connection.execute(
        update(chunk)
        .where(chunk.c.id == lease.chunk, chunk.c.epoch == lease.epoch)
        .values(done=int(until is None), lease_until=until or 0.0, worker="")
    )


def postpone(connection: Connection, name: str, until: datetime) -> None:
    """Let nobody take a chunk of issue `name` before `until`."""
    connection.execute(
        update(chunk)
        .where(chunk.c.issue == name, chunk.c.done == 0)
        .values(lease_until=until.timestamp(), epoch=chunk.c.epoch + 1)
    )


def withdraw_chunks(connection: Connection, name: str) -> bool:
    """Take the chunks of issue `name` from whoever holds them; tell whether any had messages on the wire.

    It waits for commits that are being made, so that after it nobody puts a message on the wire unseen.
    """
    taken = connection.execute(
        update(chunk).where(chunk.c.issue == name).values(epoch=chunk.c.epoch + 1).returning(chunk.c.inflight)
    )
    return any(taken.scalars().all())


def record(connection: Connection, name: str, results: Iterable[Result], now: datetime) -> None:
    """Enter outcomes; a final one is never replaced."""
    if found := rows(name, results, now):
        _RECORD[connection.dialect.name].run(connection, found)


def rows(name: str, results: Iterable[Result], now: datetime) -> list[dict[str, str | int]]:
    """Return the rows of `delivery` that say so.

    They are in one order, so that on PostgreSQL two who enter the same do not wait for each other.
    """
    at = timestamp(now)
    return [_row(name, result, at) for result in sorted(results, key=attrgetter("subscriber"))]


def settle(connection: Connection, name: str, results: Iterable[Result], now: datetime) -> int:
    """Replace unknown outcomes, and nothing else, by what became known of that attempt; return how many."""
    done, at = 0, timestamp(now)
    for result in results:
        done += connection.execute(
            update(delivery)
            .where(
                delivery.c.issue == name,
                delivery.c.subscriber == result.subscriber,
                delivery.c.attempt == result.attempt,
                delivery.c.state == Outcome.UNKNOWN,
            )
            .values(_row(name, result, at))
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
    }
