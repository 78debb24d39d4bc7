"""Figures of the ledger and of readers, counted in the database: by edition, domain, field, issue and day."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal, select

from newsletter.model import EVERY_SECTION, SubscriptionState
from newsletter.store.schema import (
    audience,
    delivery,
    edition,
    erased,
    event,
    item,
    subscriber,
    subscription,
)

Counted = dict[str, dict[str, int]]
"""Numbers of readers by key and outcome; the outcome of a message that is still to be sent is empty."""

_MEMBERS = audience.outerjoin(subscriber, subscriber.c.id == audience.c.subscriber).outerjoin(
    delivery, and_(delivery.c.issue == audience.c.issue, delivery.c.subscriber == audience.c.subscriber)
)
_DAY = 10
"""The characters of a timestamp that are its day."""


def by_edition(connection: Connection, name: str) -> Counted:
    """Return the recipients of issue `name` by edition and outcome."""
    return _counted(connection, name, audience.c.edition)


def by_way(connection: Connection, name: str) -> Counted:
    """Return the recipients of issue `name` by the way of their message, empty where none has been tried."""
    return _counted(connection, name, func.coalesce(delivery.c.way, ""))


def by_domain(connection: Connection, name: str) -> Counted:
    """Return the recipients of issue `name` by the domain of their address, empty for those erased since."""
    at = literal("@")
    if connection.dialect.name == "sqlite":
        domain = func.substr(subscriber.c.email_key, func.instr(subscriber.c.email_key, at) + 1)
    else:
        domain = func.split_part(subscriber.c.email_key, at, 2)
    return _counted(connection, name, func.coalesce(domain, ""))


def by_field(connection: Connection, name: str, field: str) -> Counted:
    """Return the recipients of issue `name` by the value of a field, empty where it is not known."""
    return _counted(connection, name, func.coalesce(subscriber.c.attributes[field].as_string(), ""))


def _counted(connection: Connection, name: str, key: ColumnElement[Any]) -> Counted:
    state = func.coalesce(delivery.c.state, "")
    rows = connection.execute(
        select(key, state, func.count())
        .select_from(_MEMBERS)
        .where(audience.c.issue == name)
        .group_by(key, state)
    )
    found: Counted = {}
    for value, outcome, number in rows:
        found.setdefault(value, {})[outcome] = number
    return found


def sections_of(connection: Connection, name: str) -> dict[str, tuple[str, ...]]:
    """Return the sections of each edition of issue `name`, by its key."""
    rows = connection.execute(select(edition.c.key, edition.c.sections).where(edition.c.issue == name))
    return {key: tuple(sections) for key, sections in rows}


def titles_of(connection: Connection, name: str) -> dict[str, str]:
    """Return the titles of the sections of issue `name` in the archive, as they were then, by slug."""
    shown = select(item.c.section, item.c.section_title).where(item.c.issue == name).distinct()
    return {row.section: row.section_title for row in connection.execute(shown)}


def reported(connection: Connection, name: str) -> dict[tuple[str, str], int]:
    """Return how many reports there were about issue `name`, by kind and status code (RFC 3463)."""
    rows = connection.execute(
        select(event.c.kind, event.c.code, func.count())
        .where(event.c.issue == name)
        .group_by(event.c.kind, event.c.code)
    )
    return {(kind, code): number for kind, code, number in rows}


def edition_readers(connection: Connection, names: Collection[str]) -> list[tuple[str, tuple[str, ...], int]]:
    """Return (issue, sections, recipients) of each edition of these issues."""
    rows = connection.execute(
        select(audience.c.issue, audience.c.edition, func.count())
        .where(audience.c.issue.in_(names))
        .group_by(audience.c.issue, audience.c.edition)
    )
    known = connection.execute(
        select(edition.c.issue, edition.c.key, edition.c.sections).where(edition.c.issue.in_(names))
    )
    sections = {(name, key): tuple(slugs) for name, key, slugs in known}
    return [(name, sections[name, key], number) for name, key, number in rows]


def places(connection: Connection, name: str, fields: Collection[str]) -> list[tuple[str, str, int]]:
    """Return (region, community, recipients) of issue `name`, by two fields."""
    values = [func.coalesce(subscriber.c.attributes[field].as_string(), "") for field in fields]
    rows = connection.execute(
        select(*values, func.count())
        .select_from(audience.join(subscriber, subscriber.c.id == audience.c.subscriber))
        .where(audience.c.issue == name)
        .group_by(*values)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def joined_by_day(connection: Connection, since: str) -> dict[str, int]:
    """Return how many of today's subscribers came on each day, by ISO date, from `since` on."""
    return _by_day(connection, subscriber.c.created_at, since)


def erased_by_day(connection: Connection, since: str) -> dict[str, int]:
    """Return how many people were erased on each day."""
    return _by_day(connection, erased.c.at, since)


def left_by_day(connection: Connection, since: str) -> dict[str, int]:
    """Return how many subscribers left everything on each day."""
    gone = (
        select(subscription.c.subscriber, func.max(subscription.c.changed_at).label("at"))
        .group_by(subscription.c.subscriber)
        .having(func.count() == func.count().filter(subscription.c.state == SubscriptionState.LEFT.value))
        .subquery()
    )
    return _by_day(connection, gone.c.at, since)


def _by_day(connection: Connection, at: ColumnElement[str], since: str) -> dict[str, int]:
    day = func.substr(at, 1, _DAY)
    rows = connection.execute(select(day, func.count()).where(at >= since).group_by(day))
    return {row[0]: row[1] for row in rows}


def choices_by_day(connection: Connection, since: str) -> list[tuple[str, str, str, int]]:
    """Return (day, section, state, number) of the choices that are in force, by the day they were made."""
    day = func.substr(subscription.c.changed_at, 1, _DAY)
    rows = connection.execute(
        select(day, subscription.c.section, subscription.c.state, func.count())
        .where(subscription.c.changed_at >= since, subscription.c.section != EVERY_SECTION)
        .group_by(day, subscription.c.section, subscription.c.state)
    )
    return [(one, section, state, number) for one, section, state, number in rows]
