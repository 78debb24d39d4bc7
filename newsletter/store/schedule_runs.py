"""Scheduled runs and their outcomes; and a check that this database is the one the scheduler last used."""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlalchemy import Connection, delete, func, select, update

from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import schedule_run, scheduler_instance

SENT, EMPTY, LEFT, FOUNDED = "sent", "it has no items", "it has left already", "the schedule was set"
"""Outcomes of a scheduled run; any other text is the reason why its issue was held."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled scheduled run: its moment, its issue, and its outcome."""

    moment: datetime
    issue: str
    outcome: str

    @property
    def held(self) -> bool:
        """Whether the issue should have been started and was not."""
        return self.outcome not in (SENT, EMPTY, LEFT, FOUNDED)


def settled_since(connection: Connection, moment: datetime) -> list[Settled]:
    """Return the settled runs later than `moment`, the oldest first."""
    rows = connection.execute(
        select(schedule_run).where(schedule_run.c.moment > timestamp(moment)).order_by(schedule_run.c.moment)
    )
    return [Settled(datetime.fromisoformat(row.moment), row.issue, row.outcome) for row in rows]


def held(connection: Connection, name: str) -> bool:
    """Tell whether issue `name` was held at its last scheduled run."""
    row = connection.execute(
        select(schedule_run)
        .where(schedule_run.c.issue == name)
        .order_by(schedule_run.c.moment.desc())
        .limit(1)
    ).first()
    return row is not None and Settled(datetime.fromisoformat(row.moment), name, row.outcome).held


def last(connection: Connection, until: datetime) -> datetime | None:
    """Return the moment of the newest settled run that is not later than `until`, or None."""
    newest = connection.execute(
        select(func.max(schedule_run.c.moment)).where(schedule_run.c.moment <= timestamp(until))
    ).scalar_one_or_none()
    return datetime.fromisoformat(newest) if newest else None


def found(connection: Connection, moment: datetime, now: datetime) -> None:
    """Begin the schedule: count all runs up to `moment` as settled."""
    settle(connection, moment, "", FOUNDED, now)


def forget_future(connection: Connection, after: datetime) -> bool:
    """Delete runs settled for the future by a clock that was wrong; tell whether there were any."""
    gone = connection.execute(delete(schedule_run).where(schedule_run.c.moment > timestamp(after)))
    return gone.rowcount > 0


def settle(connection: Connection, moment: datetime, name: str, outcome: str, now: datetime) -> bool:
    """Record the outcome of the run at `moment`, once; False when another scheduler was first."""
    row = {"moment": timestamp(moment), "issue": name, "outcome": outcome, "at": timestamp(now)}
    first = (
        upsert(connection, schedule_run).values(row).on_conflict_do_nothing().returning(schedule_run.c.moment)
    )
    return connection.execute(first).first() is not None


def change(connection: Connection, settled: Settled, outcome: str, now: datetime) -> bool:
    """Replace the outcome of a settled run; False when another scheduler has changed it meanwhile."""
    done = connection.execute(
        update(schedule_run)
        .where(schedule_run.c.moment == timestamp(settled.moment), schedule_run.c.outcome == settled.outcome)
        .values(outcome=outcome, at=timestamp(now))
    )
    return done.rowcount == 1


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark that a scheduler keeps in a file beside the database: its id, and how often it has started."""

    place: str
    starts: int


def start(connection: Connection, mark: Mark | None, machine: str) -> Mark | None:
    """Count a start on `machine` of the scheduler that has `mark`; return its new mark.

    None when this is not the database it last used: fewer starts mean a restored snapshot, an unknown mark or
    one from another machine means a copy. Then nothing is counted until `adopt` is called. On PostgreSQL
    several schedulers share one database, each with its own mark.
    """
    known = {row.place: row for row in connection.execute(select(scheduler_instance)).all()}
    if mark is None:
        copied = known and connection.dialect.name == "sqlite"
        return None if copied else _count(connection, token_hex(8), 1, machine)
    left = known.get(mark.place)
    if left is None or left.starts < mark.starts or left.machine != machine:
        return None
    return _count(connection, mark.place, left.starts + 1, machine)


def adopt(connection: Connection, machine: str) -> Mark:
    """Accept this database as the one to use; the operator has checked what was already sent.

    On PostgreSQL the other schedulers that share it keep their marks.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(delete(scheduler_instance))
    return _count(connection, token_hex(8), 1, machine)


def _count(connection: Connection, place: str, starts: int, machine: str) -> Mark:
    statement = upsert(connection, scheduler_instance).values(place=place, starts=starts, machine=machine)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[scheduler_instance.c.place], set_={"starts": starts})
    )
    return Mark(place, starts)
