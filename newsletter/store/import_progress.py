"""How far an import has come: an import that was stopped goes on, and reports as if it had run through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select

from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import import_chunk

_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """A chunk that is written: its list's rows up to its end, how many had each fate, and who was refused.

    `refusals` are the reasons by the entry's place in the chunk; nobody's address is in them.
    """

    rows: int
    fates: Mapping[str, int]
    refusals: Mapping[int, str]


def chunks(connection: Connection, run: bytes) -> Sequence[ChunkDone]:
    """Return the chunks of import `run` that are done, in the order of the list."""
    rows = connection.execute(
        select(import_chunk).where(import_chunk.c.run == run).order_by(import_chunk.c.rows)
    )
    return [
        ChunkDone(row.rows, row.fates, {int(place): why for place, why in row.refusals.items()})
        for row in rows
    ]


def put(connection: Connection, run: bytes, done: ChunkDone, now: datetime) -> None:
    """Record a chunk in the transaction that writes its people."""
    row = {
        "run": run,
        "rows": done.rows,
        "fates": dict(done.fates),
        "refusals": {str(place): why for place, why in done.refusals.items()},
        "at": timestamp(now),
    }
    connection.execute(upsert(connection, import_chunk).values(row).on_conflict_do_nothing())


def finish(connection: Connection, run: bytes) -> None:
    """Forget an import that has come to its end."""
    connection.execute(delete(import_chunk).where(import_chunk.c.run == run))


def too_old(now: datetime) -> ColumnElement[bool]:
    """Return what is true of chunks of an import that was stopped a month ago."""
    return import_chunk.c.at <= timestamp(now - _KEPT)
