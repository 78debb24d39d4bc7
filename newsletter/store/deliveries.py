"""Read the delivery ledger: progress of an issue and uncertain deliveries; and queue those to be re-sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, select, update

from newsletter.model import IssueState, Outcome
from newsletter.store import issues
from newsletter.store.db import timestamp
from newsletter.store.schema import chunk, delivery, issue, outcome_total, subscriber

_LONG_AGO = "1970-01-01T00:00:00Z"


def counts(connection: Connection, name: str) -> dict[Outcome, int]:
    """Return the number of deliveries of issue `name` by outcome; also of those that were deleted since."""
    kept = select(outcome_total.c.outcome, outcome_total.c.number).where(outcome_total.c.issue == name)
    rows = connection.execute(
        select(delivery.c.state, func.count()).where(delivery.c.issue == name).group_by(delivery.c.state)
    )
    found = {Outcome(state): count for state, count in [*rows, *connection.execute(kept)]}
    return {outcome: found.get(outcome, 0) for outcome in Outcome}


def counts_by_way(connection: Connection, name: str) -> dict[str, dict[Outcome, int]]:
    """Return the number of deliveries of issue `name` by way and outcome; no way for those never tried."""
    rows = connection.execute(
        select(delivery.c.way, delivery.c.state, func.count())
        .where(delivery.c.issue == name)
        .group_by(delivery.c.way, delivery.c.state)
        .order_by(delivery.c.way)
    )
    found: dict[str, dict[Outcome, int]] = {}
    for way, state, count in rows:
        found.setdefault(way, {})[Outcome(state)] = count
    return found


def counts_by_issue(connection: Connection) -> dict[str, dict[Outcome, int]]:
    """Return the number of deliveries by issue and outcome; issues without deliveries are omitted."""
    rows = connection.execute(
        select(delivery.c.issue, delivery.c.state, func.count()).group_by(delivery.c.issue, delivery.c.state)
    )
    found: dict[str, dict[Outcome, int]] = {}
    kept = connection.execute(select(outcome_total))
    for name, state, count in [*rows, *kept]:
        found.setdefault(name, dict.fromkeys(Outcome, 0))[Outcome(state)] = count
    return found


def failures(connection: Connection, name: str) -> list[tuple[int, str, int]]:
    """Return (code, detail, count) of the permanent failures of issue `name`."""
    failed = [Outcome.REFUSED.value, Outcome.BOUNCED.value]
    rows = connection.execute(
        select(delivery.c.code, delivery.c.detail, func.count())
        .where(delivery.c.issue == name, delivery.c.state.in_(failed))
        .group_by(delivery.c.code, delivery.c.detail)
    )
    return [(code, detail, number) for code, detail, number in rows]


def accepted_later(connection: Connection, name: str) -> bool:
    """Tell whether any message of issue `name` was accepted only after a retry."""
    query = select(delivery.c.subscriber).where(
        delivery.c.issue == name, delivery.c.state == Outcome.ACCEPTED.value, delivery.c.attempt > 1
    )
    return connection.execute(query.limit(1)).first() is not None


def since(connection: Connection, name: str, moment: datetime) -> int:
    """Return how many deliveries of issue `name` got their outcome at `moment` or later."""
    return connection.execute(
        select(func.count()).where(delivery.c.issue == name, delivery.c.at >= timestamp(moment))
    ).scalar_one()


def open_chunks(connection: Connection, name: str) -> dict[int, float]:
    """Return the unfinished chunks of issue `name`: id and when each is available (seconds since 1970)."""
    rows = connection.execute(
        select(chunk.c.id, chunk.c.lease_until).where(chunk.c.issue == name, chunk.c.done == 0)
    )
    return {row.id: row.lease_until for row in rows}


def workers(connection: Connection, name: str, now: float) -> int:
    """Return how many workers hold chunks of issue `name` at `now` (seconds since 1970)."""
    held = select(func.count(chunk.c.worker.distinct())).where(
        chunk.c.issue == name, chunk.c.done == 0, chunk.c.lease_until > now, chunk.c.worker != ""
    )
    return connection.execute(held).scalar_one()


def issues_due(connection: Connection, now: float) -> list[str]:
    """Return the issues being sent that have an available chunk at `now` (seconds since 1970)."""
    work = exists().where(chunk.c.issue == issue.c.name, chunk.c.done == 0, chunk.c.lease_until <= now)
    rows = connection.execute(
        select(issue.c.name).where(issue.c.state == IssueState.SENDING, work).order_by(issue.c.name)
    )
    return list(rows.scalars())


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A delivery whose reply was lost: subscriber and attempt; people erased since have an empty address."""

    subscriber: int
    email: str
    attempt: int
    at: str


def uncertain(connection: Connection, name: str) -> list[Uncertain]:
    """Return the deliveries of issue `name` with an unknown outcome."""
    rows = connection.execute(
        select(
            delivery.c.subscriber, func.coalesce(subscriber.c.email, ""), delivery.c.attempt, delivery.c.at
        )
        .select_from(delivery)
        .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber)
        .where(delivery.c.issue == name, delivery.c.state == Outcome.UNKNOWN)
        .order_by(delivery.c.subscriber)
    )
    return [Uncertain(*row) for row in rows]


def send_again(connection: Connection, name: str, readers: Collection[int]) -> int:
    """Make the unknown deliveries of `readers` due at once and reopen the issue; return how many."""
    issues.lock(connection, name)
    again = connection.execute(
        update(delivery)
        .where(
            delivery.c.issue == name,
            delivery.c.subscriber.in_(readers),
            delivery.c.state == Outcome.UNKNOWN,
        )
        .values(state=Outcome.DEFERRED.value, at=_LONG_AGO, detail="to be sent again")
    ).rowcount
    left = exists().where(
        and_(
            delivery.c.issue == name,
            delivery.c.state == Outcome.DEFERRED,
            delivery.c.subscriber.between(chunk.c.lo, chunk.c.hi),
        )
    )
    if again:
        connection.execute(update(chunk).where(chunk.c.issue == name, left).values(done=0, lease_until=0.0))
        issues.change_state(connection, name, IssueState.SENDING, among=[IssueState.SENT])
    return again
