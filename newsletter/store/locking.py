"""SQLite's single write lock: wait for it, measure how long it is held, and retry after conflicts."""

import logging
import random
import sqlite3
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

from newsletter.errors import StoreConflict

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, PoolProxiedConnection

PATIENCE = 15.0
"""Seconds for which a transaction waits for the write lock before it gives up."""

LONGEST = 0.5
"""Seconds for which a transaction may hold the write lock; a longer one is logged."""

_POLL = (0.0005, 0.002)
"""Range of seconds between tries. SQLite's own busy handler tries only every 0.1 s, and so misses the short
moments in which an import releases the lock."""

_BUSY = 5  # SQLITE_BUSY; extended result codes hold it in their lowest byte

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # so that commands without a configured log print nothing


class LockMeter:
    """Measure how long this process's write transactions hold the lock, until the end of the commit."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.over = 0

    def add(self, engine: "Engine", seconds: float) -> None:
        """Count one transaction; log it if it held SQLite's write lock for more than LONGEST seconds."""
        self.longest = max(self.longest, seconds)
        if seconds > LONGEST and engine.dialect.name == "sqlite":
            self.over += 1
            _log.warning("a transaction held the write lock for %.2f s: %s", seconds, _where())

    def reset(self) -> None:
        """Reset the measurements to zero."""
        self.longest, self.over = 0.0, 0


METER = LockMeter()


def _where() -> str:
    """Return the file and line of the code that opened the transaction that is ending."""
    package = Path(__file__).parent.parent
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if path.is_relative_to(package) and path.stem not in ("locking", "db", "batches"):
            return f"{path.relative_to(package)}:{frame.lineno}"
    return "elsewhere"


def begin(patience: float) -> "Callable[[Connection], None]":
    """Return a "begin" event handler for SQLite: it starts writes with the write lock, and reads without.

    Writes take the lock at the start, because SQLite cannot wait for it when a read turns into a write.
    """

    def begin_transaction(connection: "Connection") -> None:
        raw: Any = connection.connection.driver_connection
        reading = connection.get_execution_options().get("reading", False)
        set_busy_timeout(connection.connection, patience if reading else 0.0)
        if reading:
            raw.execute("BEGIN")
        else:
            retry_busy(lambda: raw.execute("BEGIN IMMEDIATE"), patience)

    return begin_transaction


def set_busy_timeout(connection: "PoolProxiedConnection", seconds: float) -> None:
    """Set SQLite's busy timeout in seconds; call it outside of a transaction.

    This PRAGMA takes effect when it is compiled, so a statement from the driver's cache would do nothing.
    """
    raw: Any = connection.driver_connection
    if connection.info.get("busy_timeout") != seconds:
        raw.executescript(f"PRAGMA busy_timeout={seconds * 1000:.0f}")
        connection.info["busy_timeout"] = seconds


_never = Event()
"""Waits a while; `time.sleep` fails when libfaketime, by which the tests set clocks, moves one meanwhile."""


def retry_busy(attempt: Callable[[], _T], patience: float) -> _T:
    """Call `attempt` and return its result; while the database is locked, retry for `patience` seconds."""
    end = time.monotonic() + patience
    while True:
        try:
            return attempt()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != _BUSY or time.monotonic() > end:
                raise
        _never.wait(random.uniform(*_POLL))  # noqa: S311  jitter between waiting processes


def retry_conflicts(work: Callable[[], _T]) -> _T:
    """Run `work`, a whole transaction, and return its result; after a deadlock retry it up to five times.

    Retries use exponential backoff with jitter. Raises StoreConflict when the last one fails too.
    """
    with suppress(StoreConflict):
        return work()
    from tenacity import (  # noqa: PLC0415  0.05 s, which a page without a conflict can spare
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        wait_random_exponential,
    )

    again = Retrying(
        stop=stop_after_attempt(5),
        wait=wait_random_exponential(multiplier=0.02, max=0.5),
        retry=retry_if_exception_type(StoreConflict),
        reraise=True,
    )
    return again(work)
