"""Count people by status, section and field value."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from newsletter.audience.segments import where
from newsletter.conditions import SECTION
from newsletter.config import Settings
from newsletter.model import EVERY_SECTION, Has, SubscriberStatus
from newsletter.store.people import IS_READER, count_readers
from newsletter.store.schema import erased, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Counts of people; `sections` and `fields` count active readers only."""

    readers: int
    inactive: int
    suppressed: int
    erased: int
    every_section: int
    sections: Mapping[str, int]
    fields: Mapping[str, Mapping[str, int]]


def statistics(connection: Connection, settings: Settings) -> Statistics:
    """Count everybody in the database; a missing field value counts as ""."""
    statuses = select(subscriber.c.status, func.count()).group_by(subscriber.c.status)
    by_status: dict[str, int] = dict(connection.execute(statuses).all())
    readers = count_readers(connection)
    return Statistics(
        readers=readers,
        inactive=by_status.get(SubscriberStatus.ACTIVE.value, 0) - readers,
        suppressed=by_status.get(SubscriberStatus.SUPPRESSED.value, 0),
        erased=connection.execute(select(func.count()).select_from(erased)).scalar_one(),
        every_section=count_readers(connection, where(Has(SECTION, frozenset({EVERY_SECTION})))),
        sections={
            section.slug: readers
            if section.always
            else count_readers(connection, where(Has(SECTION, frozenset({section.slug}))))
            for section in settings.sections
        },
        fields={field: _values(connection, field) for field in settings.fields},
    )


def _values(connection: Connection, field: str) -> dict[str, int]:
    value = func.coalesce(subscriber.c.attributes[field].as_string(), "").label("value")
    size = func.count().label("size")
    query = select(value, size).where(IS_READER).group_by(value).order_by(size.desc(), value)
    return dict(connection.execute(query).all())
