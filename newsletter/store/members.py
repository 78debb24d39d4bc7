"""Which readers are which members of the association's register, by the register's own numbers."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Connection, delete, select

from newsletter.store.bulk import insert_new, one_of
from newsletter.store.schema import member, subscriber


def find(connection: Connection, external_ids: Collection[str]) -> dict[str, int]:
    """Return the subscribers' numbers by those of the register."""
    query = select(member).where(one_of(member.c.external_id, "these"))
    rows = connection.execute(query, {"these": list(external_ids)})
    return {row.external_id: row.subscriber for row in rows}


def of(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Return the register's numbers by those of subscribers."""
    query = select(member.c.subscriber, member.c.external_id).where(member.c.subscriber.in_(numbers))
    return {row.subscriber: row.external_id for row in connection.execute(query)}


def put(connection: Connection, found: Mapping[str, int]) -> None:
    """Store which subscribers some members are, in place of what was known of them."""
    if not found:
        return
    connection.execute(delete(member).where(member.c.external_id.in_(list(found))))
    insert_new(
        connection, member, [{"external_id": one, "subscriber": number} for one, number in found.items()]
    )


def is_member(external_id: str) -> ColumnElement[bool]:
    """Return the SQL condition for the subscriber whom the register has under this number."""
    return subscriber.c.id.in_(select(member.c.subscriber).where(member.c.external_id == external_id))
