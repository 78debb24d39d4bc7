"""The audience of a frozen issue: who gets which edition."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, true

from newsletter.model import Outcome
from newsletter.store.bulk import insert_new
from newsletter.store.schema import audience, delivery, edition, subscriber

_MEMBERS = audience.outerjoin(subscriber, subscriber.c.id == audience.c.subscriber).outerjoin(
    delivery, and_(delivery.c.issue == audience.c.issue, delivery.c.subscriber == audience.c.subscriber)
)


def put(connection: Connection, name: str, rows: list[tuple[int, str]]) -> None:
    """Insert (subscriber, edition) rows into the audience of issue `name`."""
    if rows:
        columns = [{"issue": name, "subscriber": number, "edition": key} for number, key in rows]
        insert_new(connection, audience, columns)


def not_in(name: str) -> ColumnElement[bool]:
    """Return the SQL condition for subscribers outside the audience of issue `name`."""
    return ~exists().where(audience.c.issue == name, audience.c.subscriber == subscriber.c.id)


def edition_readers(connection: Connection, name: str) -> dict[str, tuple[tuple[str, ...], int]]:
    """Return each edition's sections and number of readers, the largest first."""
    readers = func.count(audience.c.subscriber)
    rows = connection.execute(
        select(edition.c.key, edition.c.sections, readers)
        .join(audience, (audience.c.issue == edition.c.issue) & (audience.c.edition == edition.c.key))
        .where(edition.c.issue == name)
        .group_by(edition.c.issue, edition.c.key)
        .order_by(readers.desc(), edition.c.key)
    )
    return {key: (tuple(sections), count) for key, sections, count in rows}


@dataclass(frozen=True, slots=True)
class Member:
    """A reader of a frozen issue: their edition, and the outcome of their message.

    The address is empty if the person was erased since. While the message is pending, `state` is empty, and
    so are code, detail and time.
    """

    email: str
    edition: str
    state: str
    code: int
    detail: str
    at: str


def members(
    connection: Connection, name: str, where: ColumnElement[bool] | None = None, state: str | None = None
) -> Iterator[Member]:
    """Stream the audience of issue `name`; with `state`, only members whose message is in that state."""
    result = func.coalesce(delivery.c.state, "")
    rows = connection.execute(
        select(
            func.coalesce(subscriber.c.email, ""),
            audience.c.edition,
            result,
            func.coalesce(delivery.c.code, 0),
            func.coalesce(delivery.c.detail, ""),
            func.coalesce(delivery.c.at, ""),
        )
        .select_from(_MEMBERS)
        .where(audience.c.issue == name, true() if where is None else where)
        .where(true() if state is None else result == state)
        .order_by(audience.c.subscriber),
        execution_options={"yield_per": 1000},
    )
    return (Member(*row) for row in rows)


def waiting(connection: Connection, name: str, where: ColumnElement[bool] | None = None) -> dict[str, int]:
    """Return the number of readers without a final outcome by edition, the largest first."""
    number = func.count().label("readers")
    still = or_(delivery.c.state.is_(None), delivery.c.state == Outcome.DEFERRED)
    rows = connection.execute(
        select(audience.c.edition, number)
        .select_from(_MEMBERS)
        .where(audience.c.issue == name, still, true() if where is None else where)
        .group_by(audience.c.edition)
        .order_by(number.desc(), audience.c.edition)
    )
    return {row.edition: row.readers for row in rows}
