"""Everything the database knows of one subscriber: choices with their dates, and deliveries by issue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from newsletter.store.people import Record, find
from newsletter.store.schema import delivery, issue, subscription


@dataclass(frozen=True, slots=True)
class Story:
    """A subscriber, since when each choice stands, and deliveries (issue, state, code, detail, at)."""

    person: Record
    since: Mapping[str, str]
    deliveries: Sequence[Mapping[str, Any]]


def story(connection: Connection, email: str) -> Story | None:
    """Return what is known of the subscriber with this address, if there is one."""
    person = find(connection, email)
    if person is None:
        return None
    since = connection.execute(
        select(subscription.c.section, subscription.c.changed_at)
        .where(subscription.c.subscriber == person.id)
        .order_by(subscription.c.section)
    )
    deliveries = connection.execute(
        select(
            delivery.c.issue,
            delivery.c.state,
            delivery.c.attempt,
            delivery.c.code,
            delivery.c.detail,
            delivery.c.at,
        )
        .where(delivery.c.issue.in_(select(issue.c.name)), delivery.c.subscriber == person.id)
        .order_by(delivery.c.issue)
    )
    return Story(person, dict(since.all()), [dict(row) for row in deliveries.mappings()])
