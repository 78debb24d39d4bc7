"""Shared pace: how soon each scope may send again. One row a scope, for all workers, across restarts.

A row holds one moment (the generic cell rate algorithm, ITU-T I.371): taking n turns at a rate moves it
n / rate seconds on, and the turns are those seconds.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, case, select

from newsletter.store.db import upsert
from newsletter.store.schema import bucket


def take(connection: Connection, wanted: Mapping[str, float], now: float) -> dict[str, float]:
    """Take a span of seconds of each scope in `wanted`; return from when each may be used."""
    starts = {}
    for scope, span in sorted(wanted.items()):  # in one order, so that workers do not wait in a ring
        statement = upsert(connection, bucket).values(scope=scope, free_at=now + span)
        begun = case((bucket.c.free_at > now, bucket.c.free_at), else_=now)
        row = connection.execute(
            statement.on_conflict_do_update(
                index_elements=[bucket.c.scope], set_={"free_at": begun + bindparam("span", span)}
            ).returning(bucket.c.free_at)
        ).one()
        starts[scope] = row.free_at - span
    return starts


def hold(connection: Connection, scope: str, until: float) -> None:
    """Let nobody send in `scope` before `until`."""
    statement = upsert(connection, bucket).values(scope=scope, free_at=until)
    later = case((bucket.c.free_at > until, bucket.c.free_at), else_=until)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[bucket.c.scope], set_={"free_at": later})
    )


def held(connection: Connection, prefix: str, now: float) -> dict[str, float]:
    """Return the scopes that begin with `prefix` and may not send yet, and until when."""
    rows = connection.execute(
        select(bucket.c.scope, bucket.c.free_at).where(
            bucket.c.free_at > now, bucket.c.scope.startswith(prefix, autoescape=True)
        )
    )
    return {row.scope: row.free_at for row in rows}
