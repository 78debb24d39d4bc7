"""The ways out as all workers see them: which have failed and why, and how much of a day each has used."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from newsletter.store.db import upsert
from newsletter.store.schema import way, way_day


@dataclass(frozen=True, slots=True)
class Out:
    """A way that has failed, so many times in a row: not used `until` (seconds since 1970), then on trial."""

    until: float
    reason: str
    failures: int = 1


def outs(connection: Connection) -> dict[str, Out]:
    """Return the ways that have failed and not been used successfully since."""
    return {row.name: Out(row.out_until, row.reason, row.failures) for row in connection.execute(select(way))}


def put_out(connection: Connection, name: str, out: Out) -> None:
    """Record that the way `name` has failed."""
    fresh = {"out_until": out.until, "reason": out.reason, "failures": out.failures}
    statement = upsert(connection, way).values(name=name, **fresh)
    connection.execute(statement.on_conflict_do_update(index_elements=[way.c.name], set_=fresh))


def recover(connection: Connection, name: str) -> None:
    """Record that the way `name` works again."""
    connection.execute(delete(way).where(way.c.name == name))


def take(connection: Connection, name: str, day: str, wanted: int, caps: Sequence[int]) -> int:
    """Take up to `wanted` of what the way `name` may still send on `day` (UTC); return how many.

    `caps` are the most messages on its first day, its second, and so on; the last holds from then on.
    """
    before = select(func.count()).where(way_day.c.way == name, way_day.c.day < day, way_day.c.taken > 0)
    days: int = connection.execute(before).scalar_one()
    cap = caps[min(days, len(caps) - 1)]
    connection.execute(
        upsert(connection, way_day).values(way=name, day=day, taken=0).on_conflict_do_nothing()
    )
    today = way_day.c.way == name, way_day.c.day == day
    taken: int = connection.execute(select(way_day.c.taken).where(*today).with_for_update()).scalar_one()
    granted = max(0, min(wanted, cap - taken))
    connection.execute(update(way_day).where(*today).values(taken=taken + granted))
    return granted


def give_back(connection: Connection, name: str, day: str, number: int) -> None:
    """Return what was taken and not used."""
    today = way_day.c.way == name, way_day.c.day == day
    connection.execute(update(way_day).where(*today).values(taken=way_day.c.taken - number))
