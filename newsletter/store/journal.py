"""The journal of the desk: who did what, when and from where; rows are added and never changed.

Triggers of the database refuse to change a row, and to delete one that is not older than a year.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, select

from newsletter.store.db import timestamp
from newsletter.store.schema import journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act: by whom, what, on which issue and subject, from which network; never a reader's address."""

    id: int = 0
    at: str = ""
    address: str
    name: str
    network: str
    did: str
    issue: str = ""
    subject: str = ""
    details: Mapping[str, str | int] = field(default_factory=dict)


def add(connection: Connection, entry: Entry, now: datetime) -> None:
    """Add an entry; its number and time are set here."""
    connection.execute(
        insert(journal).values(
            at=timestamp(now),
            address=entry.address,
            name=entry.name,
            network=entry.network,
            did=entry.did,
            issue=entry.issue,
            subject=entry.subject,
            details=dict(entry.details),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries to show: by person, act, issue, and days (ISO dates in UTC, both included)."""

    address: str = ""
    did: str = ""
    issue: str = ""
    since: str = ""
    until: str = ""


def entries(
    connection: Connection, wanted: Wanted, *, before: int | None = None, limit: int
) -> Sequence[Entry]:
    """Return the newest entries, at most `limit`, or those older than the entry `before`."""
    query = select(journal).where(*_conditions(wanted)).order_by(journal.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(journal.c.id < before)
    return [Entry(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001  the public name of a row's mapping


def every(connection: Connection, wanted: Wanted) -> Iterator[Entry]:
    """Yield all entries, the newest first, without holding them in memory."""
    query = select(journal).where(*_conditions(wanted)).order_by(journal.c.id.desc())
    for row in connection.execution_options(yield_per=500).execute(query):
        yield Entry(**row._mapping)  # noqa: SLF001  likewise


def people(connection: Connection) -> Sequence[str]:
    """Return the addresses of everybody who has an entry, in order."""
    query = select(journal.c.address).where(journal.c.address != "").distinct().order_by(journal.c.address)
    return list(connection.execute(query).scalars())


def last(connection: Connection, issue: str, acts: Collection[str]) -> Entry | None:
    """Return the newest entry about an issue among `acts`."""
    query = select(journal).where(journal.c.issue == issue, journal.c.did.in_(acts))
    row = connection.execute(query.order_by(journal.c.id.desc()).limit(1)).first()
    return Entry(**row._mapping) if row else None  # noqa: SLF001  likewise


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = []
    for column, value in (
        (journal.c.address, wanted.address),
        (journal.c.did, wanted.did),
        (journal.c.issue, wanted.issue),
    ):
        if value:
            found.append(column == value)
    day = func.substr(journal.c.at, 1, 10)
    if wanted.since:
        found.append(day >= wanted.since)
    if wanted.until:
        found.append(day <= wanted.until)
    return found


def too_old(before: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for entries made before `before`."""
    return journal.c.at <= timestamp(before)
