"""SQLite's write-ahead log (WAL): truncate it, and free the disk space that a failed transaction took."""

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
"""Seconds to wait for the write lock. Truncating does not wait, as it would hold the lock meanwhile."""

_LARGE = 1 << 20  # bytes from which a log is worth truncating after a failure
_INDEX = struct.Struct("=3I2BHI")  # the index's header up to mxFrame: sqlite.org/walformat.html §2.1
_VERSION, _HEADER, _FRAME = 3_007_000, 32, 24  # of the index; bytes of a log's header, and of each frame's


def cut(engine: Engine, *, tries: int = 1, rest: float = 0.02) -> bool:
    """Checkpoint and truncate the log; False when somebody still reads an older state after all `tries`.

    A passive checkpoint, which takes no lock, does most of the work first, so the truncating one is short.
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
    """Truncate the log if a failed transaction made it large: on a full disk it would keep all the space."""
    log = Path(f"{engine.url.database}-wal")
    if engine.dialect.name != "sqlite" or not log.exists() or log.stat().st_size < _LARGE:
        return
    with suppress(sqlite3.Error, OSError):
        _cut_tail(engine, log)
    with suppress(sqlite3.Error):
        cut(engine)


def _cut_tail(engine: Engine, log: Path) -> None:
    """Cut off uncommitted frames: the database may need just that space to write back the committed ones.

    SQLite does the same after a crash: nobody reads beyond the last committed frame. The write lock keeps
    others from writing there meanwhile.
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
    """Yield a cursor that waits up to `patience` seconds for locks."""
    with closing(engine.raw_connection()) as connection:
        set_busy_timeout(connection, patience)
        yield connection.cursor()
