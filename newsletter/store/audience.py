"""Who gets which edition of a frozen issue."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select, true

from newsletter.store.bulk import insert_new
from newsletter.store.schema import audience, delivery, edition, subscriber


def put(connection: Connection, name: str, rows: list[tuple[int, str]]) -> None:
    """Store which edition each of some subscribers gets."""
    if rows:
        columns = [{"issue": name, "subscriber": number, "edition": key} for number, key in rows]
        insert_new(connection, audience, columns)


def not_in(name: str) -> ColumnElement[bool]:
    """Return what is true of subscribers outside the audience of issue `name`."""
    return ~exists().where(audience.c.issue == name, audience.c.subscriber == subscriber.c.id)


def edition_readers(connection: Connection, name: str) -> dict[str, tuple[tuple[str, ...], int]]:
    """Return for each edition its sections and how many readers get it, the most read first."""
    readers = func.count(audience.c.subscriber)
    rows = connection.execute(
        select(edition.c.key, edition.c.sections, readers)
        .join(audience, (audience.c.issue == edition.c.issue) & (audience.c.edition == edition.c.key))
        .where(edition.c.issue == name)
        .group_by(edition.c.issue, edition.c.key)
        .order_by(readers.desc(), edition.c.key)
    )
    return {key: (tuple(sections), count) for key, sections, count in rows}


def members(
    connection: Connection, name: str, where: ColumnElement[bool] | None = None
) -> Iterator[tuple[str, str, str]]:
    """Stream (address, edition, outcome) of the audience of issue `name`; the outcome is empty if pending."""
    rows = connection.execute(
        select(subscriber.c.email, audience.c.edition, func.coalesce(delivery.c.state, "").label("state"))
        .select_from(audience)
        .join(subscriber, subscriber.c.id == audience.c.subscriber)
        .outerjoin(
            delivery,
            and_(delivery.c.issue == audience.c.issue, delivery.c.subscriber == audience.c.subscriber),
        )
        .where(audience.c.issue == name, true() if where is None else where)
        .order_by(audience.c.subscriber),
        execution_options={"yield_per": 1000},
    )
    for row in rows:
        yield row.email, row.edition, row.state
