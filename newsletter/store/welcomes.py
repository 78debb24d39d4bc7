"""Readers who have just joined and wait for the newest issue."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, select

from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import subscriber, welcome

RECENT = timedelta(days=30)
"""An older issue is not sent to newcomers, and nobody waits longer."""

WAITS = exists().where(welcome.c.subscriber == subscriber.c.id)
"""SQL condition for subscribers who wait."""


def put(connection: Connection, number: int, now: datetime) -> None:
    """Let a subscriber who has just confirmed wait for the newest issue."""
    new = upsert(connection, welcome).values(subscriber=number, at=timestamp(now))
    connection.execute(new.on_conflict_do_nothing())


def waiting(connection: Connection) -> Sequence[int]:
    """Return the subscribers who wait."""
    return connection.execute(select(welcome.c.subscriber)).scalars().all()


def forget(connection: Connection, numbers: Sequence[int]) -> None:
    """Let these subscribers wait no longer."""
    connection.execute(delete(welcome).where(welcome.c.subscriber.in_(numbers)))


def too_old(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for rows of those who have waited too long."""
    return welcome.c.at <= timestamp(now - RECENT)
