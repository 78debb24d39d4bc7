"""Import people from a list: write the decisions about its lines, many at once, and its progress.

An interrupted import resumes, and reports as if it had run in one go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, select, update

from newsletter.store import notices, optouts
from newsletter.store.bulk import insert_new, one_of
from newsletter.store.db import timestamp, upsert
from newsletter.store.decisions import Decision, Entry, Fate, decide
from newsletter.store.mailbox import canonical
from newsletter.store.people import Record, key, replace_choices
from newsletter.store.schema import import_chunk, subscriber, subscription

__all__ = ["Decision", "Entry", "Fate", "decide", "write"]

_KEPT = timedelta(days=30)  # the progress of an interrupted import
_LISTS = 0x6C69_7374  # "list": the advisory lock for inserting many people on PostgreSQL

_WITHOUT_CHOICES = (
    select(subscriber.c.id, subscriber.c.email_key)
    .where(
        one_of(subscriber.c.email_key, "these"),
        ~exists().where(subscription.c.subscriber == subscriber.c.id),
    )
    .order_by(subscriber.c.id)
)


def write(connection: Connection, decisions: Sequence[Decision], source: str, now: datetime) -> None:
    """Write decisions made in the same transaction; `source` is where the consent of new people came from."""
    new = [d.after for d in decisions if d.after and d.before is None]
    changed = [(d.before, d.after) for d in decisions if d.after and d.before and d.after is not d.before]
    if new:
        _insert(connection, new, source, now)
    optouts.record(connection, [d.mark for d in decisions if d.mark], source, now)
    if changed:
        _update(connection, [after for _, after in changed], now)
    changed.sort(key=lambda pair: pair[0].id)  # one lock order everywhere prevents deadlocks
    replace_choices(
        connection, [(before.id, before.choices, after.choices) for before, after in changed], now
    )
    stopped = [(after.id, after.reason) for before, after in changed if after.status != before.status]
    notices.put_suppressed(connection, stopped, now)


def _insert(connection: Connection, people: Sequence[Record], source: str, now: datetime) -> None:
    at = timestamp(now)
    rows = [
        {
            "email": person.email,
            "email_key": key(person.email),
            "mailbox": canonical(person.email),
            "name": person.name,
            "language": person.language,
            "attributes": person.attributes,
            "status": person.status.value,
            "reason": person.reason,
            "source": source,
            "created_at": at,
            "changed_at": at,
        }
        for person in people
    ]
    choices = {row["email_key"]: person.choices for row, person in zip(rows, people, strict=True)}
    if connection.dialect.name == "postgresql" and len(rows) > 1:
        # Inserting an address waits for a concurrent transaction that inserts the same one, so two imports
        # could deadlock. With the lock, one waits until the other's chunk is committed instead.
        connection.execute(select(func.pg_advisory_xact_lock(_LISTS)))
    insert_new(connection, subscriber, rows)  # on PostgreSQL some may have signed up meanwhile
    found = connection.execute(_WITHOUT_CHOICES, {"these": list(choices)})
    replace_choices(connection, [(number, {}, choices[email_key]) for number, email_key in found], now)


def _update(connection: Connection, people: Sequence[Record], now: datetime) -> None:
    connection.execute(
        update(subscriber)
        .where(subscriber.c.id == bindparam("_id"))
        .values(
            name=bindparam("_name"),
            language=bindparam("_language"),
            attributes=bindparam("_attributes", type_=subscriber.c.attributes.type),
            status=bindparam("_status"),
            reason=bindparam("_reason"),
            changed_at=timestamp(now),
        ),
        [
            {
                "_id": person.id,
                "_name": person.name,
                "_language": person.language,
                "_attributes": person.attributes,
                "_status": person.status.value,
                "_reason": person.reason,
            }
            for person in people
        ],
    )


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """A chunk that has been written: the number of list rows up to its end, counts by fate, and refusals.

    `refusals` maps an entry's position in the chunk to the reason; reasons contain no addresses.
    """

    rows: int
    fates: Mapping[str, int]
    refusals: Mapping[int, str]


def chunks_done(connection: Connection, run: bytes) -> Sequence[ChunkDone]:
    """Return the chunks of import `run` that have been written, in list order."""
    rows = connection.execute(
        select(import_chunk).where(import_chunk.c.run == run).order_by(import_chunk.c.rows)
    )
    return [
        ChunkDone(row.rows, row.fates, {int(place): why for place, why in row.refusals.items()})
        for row in rows
    ]


def put_chunk(connection: Connection, run: bytes, done: ChunkDone, now: datetime) -> None:
    """Record a chunk as written; call it in the transaction that writes its people."""
    row = {
        "run": run,
        "rows": done.rows,
        "fates": dict(done.fates),
        "refusals": {str(place): why for place, why in done.refusals.items()},
        "at": timestamp(now),
    }
    connection.execute(upsert(connection, import_chunk).values(row).on_conflict_do_nothing())


def finish(connection: Connection, run: bytes) -> None:
    """Delete the progress of an import that has finished."""
    connection.execute(delete(import_chunk).where(import_chunk.c.run == run))


def too_old(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for chunks of imports that were interrupted 30 days ago or earlier."""
    return import_chunk.c.at <= timestamp(now - _KEPT)
