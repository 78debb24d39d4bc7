"""History of the machine's clock, stored so that jumps are noticed; and the database server's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, exists, func, or_, select, true, update

from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import chunk, clock, delivery, letter, rate_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Observations of a clock: trusted from `first` to `last`; and since when it is in doubt, and why."""

    first: datetime
    last: datetime
    doubt_first: datetime | None = None
    doubt_last: datetime | None = None
    doubt: str = ""


def read(connection: Connection, place: str) -> Seen | None:
    """Return the stored observations of the clock of `place`; None if there are none yet."""
    row = connection.execute(select(clock).where(clock.c.place == place)).one_or_none()
    if row is None:
        return None
    return Seen(
        first=datetime.fromisoformat(row.first_at),
        last=datetime.fromisoformat(row.last_at),
        doubt_first=datetime.fromisoformat(row.doubt_first_at) if row.doubt_first_at else None,
        doubt_last=datetime.fromisoformat(row.doubt_last_at) if row.doubt_last_at else None,
        doubt=row.doubt,
    )


def write(connection: Connection, place: str, seen: Seen) -> None:
    """Store the observations of the clock of `place`, replacing earlier ones."""
    values = {
        "first_at": timestamp(seen.first),
        "last_at": timestamp(seen.last),
        "doubt_first_at": timestamp(seen.doubt_first) if seen.doubt_first else "",
        "doubt_last_at": timestamp(seen.doubt_last) if seen.doubt_last else "",
        "doubt": seen.doubt,
    }
    connection.execute(
        upsert(connection, clock)
        .values(place=place, **values)
        .on_conflict_do_update(index_elements=[clock.c.place], set_=values)
    )


def server_time(connection: Connection) -> datetime | None:
    """Return the database server's current time in UTC; None on SQLite, which has no server."""
    if connection.dialect.name == "sqlite":
        return None
    moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return moment.astimezone(UTC)


def release(connection: Connection, start: datetime, end: datetime, now: datetime) -> None:
    """Make due now what was postponed while the clock wrongly showed times from `start` to `end`.

    A chunk that no worker has tried yet keeps waiting: its issue was set to start later on purpose.
    """
    span, free = (start.timestamp(), end.timestamp()), now.timestamp()
    tried = exists().where(
        delivery.c.issue == chunk.c.issue, delivery.c.subscriber.between(chunk.c.lo, chunk.c.hi)
    )
    for column, where in (
        (letter.c.due_at, letter.c.sent_at == ""),
        (chunk.c.lease_until, or_(chunk.c.worker != "", tried)),
        (rate_limit.c.free_at, true()),
    ):
        values = {column.name: free}
        connection.execute(update(column.table).where(column.between(*span), where).values(values))
