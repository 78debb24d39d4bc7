"""End the pauses whose day has come, so that the reader gets the digest again."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, select, update

from newsletter.model import SubscriptionState
from newsletter.store.db import timestamp
from newsletter.store.schema import subscriber, subscription


def ended(connection: Connection, today: date) -> list[int]:
    """Return the ids of subscribers with a pause that ends on `today` or earlier, in ascending order."""
    numbers = select(subscription.c.subscriber).where(*_ended(today)).distinct()
    return list(connection.execute(numbers.order_by(subscription.c.subscriber)).scalars())


def end(connection: Connection, today: date, now: datetime, among: Collection[int] | None = None) -> int:
    """End the pauses that run until `today` or earlier, of all or only `among`; return how many."""
    numbers = ended(connection, today) if among is None else among
    whose = subscription.c.subscriber.in_(numbers)
    if connection.dialect.name == "postgresql":
        rows = select(subscriber.c.id).where(subscriber.c.id.in_(numbers)).order_by(subscriber.c.id)
        connection.execute(rows.with_for_update())
    change = (
        update(subscription)
        .where(whose, *_ended(today))
        .values(state=SubscriptionState.ACTIVE.value, until="", changed_at=timestamp(now))
    )
    return connection.execute(change).rowcount


def _ended(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        subscription.c.state == SubscriptionState.PAUSED.value,
        subscription.c.until != "",
        subscription.c.until <= today.isoformat(),
    )
