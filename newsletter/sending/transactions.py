"""How a worker's transactions are run: one after another, on one connection that is kept.

A database in a file commits in a third of a millisecond, and two threads would wait for the interpreter's
one lock for longer: measured in turns, a thread made the delivery a quarter slower. A server on a network may
take any time, so it gets a thread, and the connections to the relay go on meanwhile.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from newsletter.store.db import plain_errors

T = TypeVar("T")


class Transactions(Protocol):
    """Runs what is to be done in a write transaction, after what was asked before."""

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Return what `function` does within a transaction.

        Raises StoreError when the database fails, and whatever `function` raises.
        """

    def close(self) -> None:
        """Let go of the connection, once all that was asked is done."""


def transactions(engine: Engine) -> Transactions:
    """Return how transactions of this kind of database are best run; nothing is opened yet."""
    return OnTheLoop(engine) if engine.dialect.name == "sqlite" else InAThread(engine)


class _Kept:
    """A connection that is kept from one transaction to the next."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def run(self, function: Callable[[Connection], T]) -> T:
        with plain_errors(self._engine):
            self._connection = self._connection or self._engine.connect()
            with self._connection.begin():
                return function(self._connection)

    def close(self) -> None:
        if self._connection:
            self._connection.close()


class OnTheLoop:
    """Runs them at once; nothing else happens meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._kept = _Kept(engine)

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Return what `function` does; see Transactions."""
        return self._kept.run(function)

    def close(self) -> None:
        """Let go of the connection."""
        self._kept.close()


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be run within a transaction, and who waits for it."""

    function: Callable[[Connection], Any]
    done: asyncio.Future[Any]


class InAThread:
    """Runs them in a thread, which begins with the first; `run_in_executor` costs twice the processor."""

    def __init__(self, engine: Engine) -> None:
        self._kept = _Kept(engine)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Return what `function` does; see Transactions."""
        if not self._thread:
            self._thread = Thread(target=self._work, name="ledger")
            self._thread.start()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(function, done))
        return await done

    def close(self) -> None:
        """Let the thread end once it has done what was asked of it, and wait for that."""
        if self._thread:
            self._jobs.put(None)
            self._thread.join()

    def _work(self) -> None:
        while job := self._jobs.get():
            try:
                result = self._kept.run(job.function)
            except BaseException as error:  # noqa: BLE001  it is for whoever waits
                _tell(job.done, job.done.set_exception, error)
            else:
                _tell(job.done, job.done.set_result, result)
        self._kept.close()


def _tell(done: asyncio.Future[Any], settle: Callable[[Any], None], answer: object) -> None:
    """Answer in the thread of whoever waits; nobody does when their loop has ended."""

    def tell() -> None:
        if not done.done():
            settle(answer)

    with suppress(RuntimeError):
        done.get_loop().call_soon_threadsafe(tell)
