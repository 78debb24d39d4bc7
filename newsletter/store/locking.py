"""SQLite's one write lock: waiting for it, measuring how long it is held, and retrying conflicts."""

import logging
import random
import sqlite3
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, PoolProxiedConnection
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from newsletter.errors import StoreConflict

PATIENCE = 15.0
"""Seconds for which a transaction waits for the write lock before it gives up."""

LONGEST = 0.5
"""Seconds for which a transaction may hold the write lock; a longer one is logged."""

_POLL = (0.0005, 0.002)
"""Seconds between tries. SQLite's own busy handler tries every 0.1 s, and so misses the moment in which an
import lets go of the lock."""

_BUSY = 5  # SQLITE_BUSY; extended codes have it in their lowest byte

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # commands without a log do not print it


class LockMeter:
    """How long write transactions of this process held the lock, from the lock to the end of the commit."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.over = 0

    def add(self, engine: Engine, seconds: float) -> None:
        """Count one transaction; log it when it held SQLite's write lock for too long."""
        self.longest = max(self.longest, seconds)
        if seconds > LONGEST and engine.dialect.name == "sqlite":
            self.over += 1
            _log.warning("a transaction held the write lock for %.2f s: %s", seconds, _where())

    def reset(self) -> None:
        """Forget what was measured."""
        self.longest, self.over = 0.0, 0


METER = LockMeter()


def _where() -> str:
    """Name the code that opened the transaction which ends now."""
    package = Path(__file__).parent.parent
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if path.is_relative_to(package) and path.stem not in ("locking", "db", "batches"):
            return f"{path.relative_to(package)}:{frame.lineno}"
    return "elsewhere"


def begin(patience: float) -> Callable[[Connection], None]:
    """Return what begins a transaction on SQLite: a reading one at once, a writing one under the write lock.

    A read that turns into a write could not wait.
    """

    def begin_transaction(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        reading = connection.get_execution_options().get("reading", False)
        set_busy_timeout(connection.connection, patience if reading else 0.0)
        if reading:
            raw.execute("BEGIN")
        else:
            retry_busy(lambda: raw.execute("BEGIN IMMEDIATE"), patience)

    return begin_transaction


def set_busy_timeout(connection: PoolProxiedConnection, seconds: float) -> None:
    """Let SQLite's own busy handler wait so long; outside of a transaction.

    This PRAGMA works when it is compiled, so a statement from the driver's cache would do nothing.
    """
    raw: Any = connection.driver_connection
    if connection.info.get("busy_timeout") != seconds:
        raw.executescript(f"PRAGMA busy_timeout={seconds * 1000:.0f}")
        connection.info["busy_timeout"] = seconds


def retry_busy(attempt: Callable[[], _T], patience: float) -> _T:
    """Return what `attempt` does; for `patience` seconds try again while another has the lock."""
    end = time.monotonic() + patience
    while True:
        try:
            return attempt()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != _BUSY or time.monotonic() > end:
                raise
        time.sleep(random.uniform(*_POLL))  # noqa: S311  it spreads out those who wait


def retry_conflicts(work: Callable[[], _T]) -> _T:
    """Return what `work` does, a whole transaction that is tried again up to five times after a deadlock.

    Raises StoreConflict when every try met one.
    """
    with suppress(StoreConflict):
        return work()
    again = Retrying(
        stop=stop_after_attempt(5),
        wait=wait_random_exponential(multiplier=0.02, max=0.5),
        retry=retry_if_exception_type(StoreConflict),
        reraise=True,
    )
    return again(work)
