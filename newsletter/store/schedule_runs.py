"""What became of each weekly hour, and whether this database is the one that the scheduler left here."""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlalchemy import Connection, delete, func, select, update

from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import firing, home

SENT, EMPTY, LEFT, FOUNDED = "sent", "it has no items", "it has left already", "the schedule was set"
"""What may become of an hour; any other words say why its issue was held."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A weekly hour that is settled: its moment, its issue, and what became of it."""

    moment: datetime
    issue: str
    outcome: str

    @property
    def held(self) -> bool:
        """Whether the issue was to leave and did not."""
        return self.outcome not in (SENT, EMPTY, LEFT, FOUNDED)


def settled_since(connection: Connection, moment: datetime) -> list[Settled]:
    """Return the settled hours later than `moment`, the oldest first."""
    rows = connection.execute(
        select(firing).where(firing.c.moment > timestamp(moment)).order_by(firing.c.moment)
    )
    return [Settled(datetime.fromisoformat(row.moment), row.issue, row.outcome) for row in rows]


def held(connection: Connection, name: str) -> bool:
    """Tell whether the last weekly hour of issue `name` was held."""
    row = connection.execute(
        select(firing).where(firing.c.issue == name).order_by(firing.c.moment.desc()).limit(1)
    ).first()
    return row is not None and Settled(datetime.fromisoformat(row.moment), name, row.outcome).held


def last(connection: Connection, until: datetime) -> datetime | None:
    """Return the newest settled hour that is not later than `until`, if there is one."""
    newest = connection.execute(
        select(func.max(firing.c.moment)).where(firing.c.moment <= timestamp(until))
    ).scalar_one_or_none()
    return datetime.fromisoformat(newest) if newest else None


def found(connection: Connection, moment: datetime, now: datetime) -> None:
    """Count all hours before `moment` as settled: the schedule begins."""
    settle(connection, moment, "", FOUNDED, now)


def forget_future(connection: Connection, after: datetime) -> bool:
    """Forget hours settled for a time that has not come, by a clock that was wrong; tell whether any were."""
    gone = connection.execute(delete(firing).where(firing.c.moment > timestamp(after)))
    return gone.rowcount > 0


def settle(connection: Connection, moment: datetime, name: str, outcome: str, now: datetime) -> bool:
    """Record what became of the hour `moment`; False when another scheduler did before."""
    row = {"moment": timestamp(moment), "issue": name, "outcome": outcome, "at": timestamp(now)}
    first = upsert(connection, firing).values(row).on_conflict_do_nothing().returning(firing.c.moment)
    return connection.execute(first).first() is not None


def change(connection: Connection, settled: Settled, outcome: str, now: datetime) -> bool:
    """Replace what became of an hour; False when another scheduler did before."""
    done = connection.execute(
        update(firing)
        .where(firing.c.moment == timestamp(settled.moment), firing.c.outcome == settled.outcome)
        .values(outcome=outcome, at=timestamp(now))
    )
    return done.rowcount == 1


@dataclass(frozen=True, slots=True)
class Mark:
    """What a program that sends leaves beside the database: who it is, and how often it began."""

    place: str
    starts: int


def start(connection: Connection, mark: Mark | None, machine: str) -> Mark | None:
    """Count a start on `machine` of the program that left `mark`, and return its new mark.

    None when this is not the database it had: one that knows fewer starts is a snapshot put back, one that
    knows others is a copy, and so is one that knows the mark from another machine. Nothing is counted then,
    until `adopt`. On PostgreSQL many share one database, each with a mark of its own.
    """
    known = {row.place: row for row in connection.execute(select(home)).all()}
    if mark is None:
        copied = known and connection.dialect.name == "sqlite"
        return None if copied else _count(connection, token_hex(8), 1, machine)
    left = known.get(mark.place)
    if left is None or left.starts < mark.starts or left.machine != machine:
        return None
    return _count(connection, mark.place, left.starts + 1, machine)


def adopt(connection: Connection, machine: str) -> Mark:
    """Make this database the one to go on with: whoever asks has looked at what was sent.

    On PostgreSQL the others that share it keep their marks.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(delete(home))
    return _count(connection, token_hex(8), 1, machine)


def _count(connection: Connection, place: str, starts: int, machine: str) -> Mark:
    statement = upsert(connection, home).values(place=place, starts=starts, machine=machine)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[home.c.place], set_={"starts": starts})
    )
    return Mark(place, starts)
