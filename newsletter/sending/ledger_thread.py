"""The thread that writes the ledger: one transaction after another, on one connection that it keeps.

A sending hands over a transaction for every few messages, and asyncio's `run_in_executor` takes twice the
processor time to do so.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from newsletter.store.db import plain_errors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be run within a transaction, and who waits for it."""

    function: Callable[[Connection], Any]
    done: asyncio.Future[Any]


class LedgerThread:
    """Begins with the first transaction, and ends with `close`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._begun = False

    async def transaction(self, function: Callable[[Connection], T]) -> T:
        """Return what `function` does within a write transaction, after those asked for before.

        Raises StoreError when the database fails, and whatever `function` raises.
        """
        if not self._begun:
            self._begun = True
            Thread(target=self._work, name="ledger").start()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(function, done))
        return await done

    def close(self) -> None:
        """Let the thread end once it has done what was asked of it."""
        if self._begun:
            self._jobs.put(None)

    def _work(self) -> None:
        kept: Connection | None = None
        while job := self._jobs.get():
            try:
                with plain_errors(self._engine):
                    kept = kept or self._engine.connect()
                    with kept.begin():
                        result = job.function(kept)
            except BaseException as error:  # noqa: BLE001  it is for whoever waits
                _tell(job.done, error, failed=True)
            else:
                _tell(job.done, result)
        if kept:
            kept.close()


def _tell(done: asyncio.Future[Any], answer: Any, *, failed: bool = False) -> None:
    """Answer in the thread of whoever waits; nobody does when their loop has ended."""
    with suppress(RuntimeError):
        done.get_loop().call_soon_threadsafe(_settle, done, answer, failed)


def _settle(done: asyncio.Future[Any], answer: Any, failed: bool) -> None:  # noqa: FBT001  call_soon's way
    if done.done():
        return
    if failed:
        done.set_exception(answer)
    else:
        done.set_result(answer)
