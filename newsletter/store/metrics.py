"""Metrics for monitoring: subscribers, progress of the newest issue, and queues with their waiting time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from newsletter.model import IssueState
from newsletter.store import deliveries, letters
from newsletter.store.schema import chunk, issue, schedule_run, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The metrics: `deliveries` of the newest issue by outcome or `pending`; `waits` is in seconds.

    `last_run` is the last scheduled run: its moment and its outcome.
    """

    subscribers: Mapping[str, int]
    issue: str
    deliveries: Mapping[str, int]
    letters: int
    waits: float
    last_run: tuple[datetime, str] | None


def answers(connection: Connection) -> None:
    """Run a cheap query as a health check. Raises an error when the database does not answer."""
    connection.execute(select(issue.c.name).limit(1)).first()


def collect(connection: Connection, now: datetime) -> Metrics:
    """Return the metrics at `now`."""
    by_status = select(subscriber.c.status, func.count()).group_by(subscriber.c.status)
    newest = connection.execute(
        select(issue.c.name, issue.c.readers).order_by(issue.c.name.desc()).limit(1)
    ).first()
    last = connection.execute(
        select(schedule_run.c.moment, schedule_run.c.outcome).order_by(schedule_run.c.moment.desc()).limit(1)
    ).first()
    return Metrics(
        subscribers=dict(connection.execute(by_status).all()),
        issue=newest.name if newest else "",
        deliveries=_deliveries(connection, newest.name, newest.readers) if newest else {},
        letters=letters.waiting(connection),
        waits=_waits(connection, now),
        last_run=(datetime.fromisoformat(last.moment), last.outcome) if last else None,
    )


def _deliveries(connection: Connection, name: str, readers: int) -> dict[str, int]:
    counts = deliveries.counts(connection, name)
    settled = {outcome.value: count for outcome, count in counts.items()}
    return settled | {"pending": max(0, readers - sum(settled.values()))}


def _waits(connection: Connection, now: datetime) -> float:
    """Return how many seconds the longest-waiting chunk has been available without being taken."""
    rows = connection.execute(
        select(issue.c.begun_at, func.min(chunk.c.lease_until).label("free_at"))
        .join(chunk, chunk.c.issue == issue.c.name)
        .where(issue.c.state == IssueState.SENDING.value, chunk.c.done == 0)
        .group_by(issue.c.name, issue.c.begun_at)
    )
    taken = (max(row.free_at, datetime.fromisoformat(row.begun_at).timestamp()) for row in rows)
    return max(0.0, now.timestamp() - min(taken, default=now.timestamp()))
