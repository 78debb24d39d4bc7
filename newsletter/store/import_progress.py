"""Progress of an import: an interrupted import resumes, and reports as if it had run in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select

from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import import_chunk

_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """A chunk that has been written: the number of list rows up to its end, counts by fate, and refusals.

    `refusals` maps an entry's position in the chunk to the reason; reasons contain no addresses.
    """

    rows: int
    fates: Mapping[str, int]
    refusals: Mapping[int, str]


def chunks(connection: Connection, run: bytes) -> Sequence[ChunkDone]:
    """Return the chunks of import `run` that have been written, in list order."""
    rows = connection.execute(
        select(import_chunk).where(import_chunk.c.run == run).order_by(import_chunk.c.rows)
    )
    return [
        ChunkDone(row.rows, row.fates, {int(place): why for place, why in row.refusals.items()})
        for row in rows
    ]


def put(connection: Connection, run: bytes, done: ChunkDone, now: datetime) -> None:
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
