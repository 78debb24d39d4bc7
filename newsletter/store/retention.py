"""Forget who got an issue once that is long ago; the number of messages by outcome stays."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, literal, or_, select

from newsletter.model import IssueState
from newsletter.store import issues
from newsletter.store.batches import Batches
from newsletter.store.db import reading, timestamp, writing
from newsletter.store.schema import audience, delivery, event, issue, outcome_total

_OVER = (IssueState.SENT, IssueState.CANCELLED)


def forget_deliveries(batches: Batches, before: datetime) -> int:
    """Delete audience and deliveries of issues that are over and began before `before`; return the rows.

    After an interruption it goes on where it was, and the numbers of an issue are counted once.
    """
    with reading(batches.engine) as connection:
        names = _due(connection, before)
    done = 0
    for name in names:
        with writing(batches.engine) as connection:
            found = issues.lock(connection, name)
            if found is None or found.state not in _OVER:
                continue
            if not forgotten(connection, name):
                connection.execute(
                    insert(outcome_total).from_select(
                        ["issue", "outcome", "number"],
                        select(literal(name), delivery.c.state, func.count())
                        .where(delivery.c.issue == name)
                        .group_by(delivery.c.state),
                    )
                )
        done += batches.delete(delivery, delivery.c.issue == name)
        done += batches.delete(audience, audience.c.issue == name)
    return done


def _due(connection: Connection, before: datetime) -> Sequence[str]:
    names = (
        exists().where(audience.c.issue == issue.c.name),
        exists().where(delivery.c.issue == issue.c.name),
    )
    over = and_(issue.c.state.in_(_OVER), issue.c.begun_at != "", issue.c.begun_at <= timestamp(before))
    return connection.execute(select(issue.c.name).where(over, or_(*names))).scalars().all()


def forgotten(connection: Connection, name: str) -> bool:
    """Tell whether it is no longer known who got issue `name`."""
    query = select(outcome_total.c.number).where(outcome_total.c.issue == name)
    return connection.execute(query.limit(1)).first() is not None


def old_events(before: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for processed reports about messages, made before `before`."""
    return and_(event.c.at <= timestamp(before), event.c.processed_at != "")
