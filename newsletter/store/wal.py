"""SQLite's write-ahead log: cutting it to nothing, and giving back the room that a failure left taken."""

import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import sleep

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPICursor

from newsletter.store.locking import set_busy_timeout

_PATIENCE = 0.3
"""Seconds to wait for the write lock. Cutting the log waits for nobody: it would hold the lock meanwhile."""

_LARGE = 1 << 20  # bytes of a log that are worth giving back
_INDEX = struct.Struct("=3I2BHI")  # the index's header up to mxFrame: sqlite.org/walformat.html §2.1
_VERSION, _HEADER, _FRAME = 3_007_000, 32, 24  # of the index; bytes of a log's header, and of each frame's


def cut(engine: Engine, *, tries: int = 1, rest: float = 0.02) -> bool:
    """Write the log back and cut it; False when somebody still reads an older state after so many tries.

    Most is written back by a checkpoint that takes no lock, so that the one that cuts is short.
    """
    with _cursor(engine, patience=0) as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        for attempt in range(tries):
            if attempt:
                sleep(rest)
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
    return False


def give_back(engine: Engine) -> None:
    """Cut the log where a transaction that failed has made it large; on a full disk it keeps all the room."""
    log = Path(f"{engine.url.database}-wal")
    if engine.dialect.name != "sqlite" or not log.exists() or log.stat().st_size < _LARGE:
        return
    with suppress(sqlite3.Error, OSError):
        _cut_tail(engine, log)
    with suppress(sqlite3.Error):
        cut(engine)


def _cut_tail(engine: Engine, log: Path) -> None:
    """Cut off what was never committed: to write the rest back, the database may need just that room.

    SQLite does the same at a crash: what stands after the last committed frame is read by nobody. The lock
    keeps others from writing there meanwhile.
    """
    with _cursor(engine, patience=_PATIENCE) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            head = log.with_name(f"{log.name.removesuffix('-wal')}-shm").read_bytes()[: _INDEX.size]
            version, _, _, made, _, page, frames = _INDEX.unpack(head)
            if version == _VERSION and made:
                size = _HEADER + frames * (_FRAME + (65536 if page == 1 else page))
                if size < log.stat().st_size:
                    os.truncate(log, size)
        finally:
            cursor.execute("ROLLBACK")


@contextmanager
def _cursor(engine: Engine, *, patience: float) -> Iterator[DBAPICursor]:
    """Give a cursor that waits for others so many seconds."""
    with closing(engine.raw_connection()) as connection:
        set_busy_timeout(connection, patience)
        yield connection.cursor()
