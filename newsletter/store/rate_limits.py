"""Rate limits shared by all workers and kept across restarts: one row per scope.

A row holds one moment (the generic cell rate algorithm, ITU-T I.371, equivalent to a token bucket): taking n
turns moves it n / rate seconds ahead, and those seconds are the turns.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, delete, select

from newsletter.store.db import upsert
from newsletter.store.schema import rate_limit


def take(connection: Connection, wanted: Mapping[str, float], now: float) -> dict[str, float]:
    """Reserve a span of seconds in each scope of `wanted`; return when each may be used (epoch seconds)."""
    starts = {}
    for scope, span in sorted(wanted.items()):  # one order, so that workers do not deadlock
        statement = upsert(connection, rate_limit).values(scope=scope, free_at=now + span)
        begun = case((rate_limit.c.free_at > now, rate_limit.c.free_at), else_=now)
        row = connection.execute(
            statement.on_conflict_do_update(
                index_elements=[rate_limit.c.scope], set_={"free_at": begun + bindparam("span", span)}
            ).returning(rate_limit.c.free_at)
        ).one()
        starts[scope] = row.free_at - span
    return starts


def free(connection: Connection, scopes: Collection[str]) -> dict[str, float]:
    """Lock the rows of `scopes` and return when each may be used; scopes never used are absent."""
    query = select(rate_limit.c.scope, rate_limit.c.free_at).where(rate_limit.c.scope.in_(scopes))
    rows = connection.execute(query.order_by(rate_limit.c.scope).with_for_update())
    return {row.scope: row.free_at for row in rows}


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit: one turn every `span` seconds, and after a rest up to `burst` turns at once."""

    span: float
    burst: int


def spare(connection: Connection, scope: str, rate: Rate, now: float, *, for_update: bool = False) -> int:
    """Return how many turns `scope` has left now.

    A stored time further ahead than the whole burst comes from a clock that was wrong, and is ignored.
    """
    query = select(rate_limit.c.free_at).where(rate_limit.c.scope == scope)
    free_at = connection.execute(query.with_for_update() if for_update else query).scalar_one_or_none()
    used = believed(free_at, now, rate.burst * rate.span) - now
    return max(0, int(rate.burst - used / rate.span + 1e-6))  # 1e-6: tolerate rounding errors


def spend(connection: Connection, scope: str, rate: Rate, turns: int, now: float) -> None:
    """Use up `turns` of those that `spare` returned with `for_update`."""
    free_at = believed(free(connection, (scope,)).get(scope), now, rate.burst * rate.span)
    put(connection, scope, free_at + turns * rate.span)


def believed(free_at: float | None, now: float, furthest: float) -> float:
    """Return `free_at` where it lies between `now` and `furthest` seconds later, else `now`."""
    return free_at if free_at is not None and now < free_at <= now + furthest + 1 else now


def put(connection: Connection, scope: str, free_at: float) -> None:
    """Set the moment from which `scope` may be used, replacing any earlier value."""
    statement = upsert(connection, rate_limit).values(scope=scope, free_at=free_at)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[rate_limit.c.scope], set_={"free_at": free_at})
    )


def prune(connection: Connection, prefix: str, now: float) -> None:
    """Delete the free scopes that begin with `prefix`: they behave as if they had never been used."""
    connection.execute(
        delete(rate_limit).where(
            rate_limit.c.free_at <= now, rate_limit.c.scope.startswith(prefix, autoescape=True)
        )
    )


def hold(connection: Connection, scope: str, until: float) -> None:
    """Block sending in `scope` until at least `until`."""
    statement = upsert(connection, rate_limit).values(scope=scope, free_at=until)
    later = case((rate_limit.c.free_at > until, rate_limit.c.free_at), else_=until)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[rate_limit.c.scope], set_={"free_at": later})
    )


def held(connection: Connection, prefix: str, now: float) -> dict[str, float]:
    """Return the scopes that begin with `prefix` and are blocked, and until when."""
    rows = connection.execute(
        select(rate_limit.c.scope, rate_limit.c.free_at).where(
            rate_limit.c.free_at > now, rate_limit.c.scope.startswith(prefix, autoescape=True)
        )
    )
    return {row.scope: row.free_at for row in rows}
