"""A worker: delivers whatever issue is being sent, as long as it runs; any number of them share the work.

The ledger is the queue: an open chunk whose lease has ended is work, whoever held it before. Beside the
delivery, however long it takes, a worker does its chores.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from newsletter.errors import StoreError, TransportUnavailable, told
from newsletter.sending.deliver import Run
from newsletter.sending.start import under_way
from newsletter.store import issues
from newsletter.store.db import reading
from newsletter.store.issues import Frozen

_log = logging.getLogger(__name__)
_POLL = 0.5  # seconds between looks for work; one indexed query each
_PATIENCE = 60.0  # seconds at most between tries of what does not succeed


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """Something small that is done again and again, each time `period` seconds after the last."""

    name: str
    do: Callable[[], object]
    period: float


class Worker:
    """Runs until `stop`; `start` makes a run of an issue; `chores` are done in threads of their own.

    `count` is called before and after each run: a backup made before or meanwhile is known by it for one.
    A transport or a database that is away is tried again, and so is a chore that fails.
    """

    def __init__(
        self,
        engine: Engine,
        start: Callable[[Frozen], Run],
        clock: Callable[[], datetime],
        chores: Sequence[PeriodicTask] = (),
        count: Callable[[], object] = lambda: None,
    ) -> None:
        self._engine = engine
        self._chores = chores
        self._count = count
        self._start = start
        self._clock = clock
        self._stopped = asyncio.Event()
        self._run: Run | None = None

    def stop(self) -> None:
        """Let what is on the wire finish, and end."""
        self._stopped.set()
        if self._run:
            self._run.stop()

    async def work(self) -> None:
        """Deliver what is due, and do the chores, until `stop` is called."""
        with ThreadPoolExecutor(len(self._chores) or 1, "chore") as threads:
            chores = [asyncio.create_task(self._repeat(chore, threads)) for chore in self._chores]
            try:
                await self._deliver_what_is_due()
            finally:
                self._stopped.set()
                await asyncio.gather(*chores)

    async def _deliver_what_is_due(self) -> None:
        wait = _POLL
        while not self._stopped.is_set():
            troubles = await self._look()
            wait = min(_PATIENCE, wait * 2) if troubles else _POLL
            for trouble in troubles:
                _log.warning("%s (tried again in %.0f s)", trouble, wait)
            await self._rest(wait)

    async def _look(self) -> Sequence[str]:
        """Deliver what is due now; return what may be away only for a while, and so kept some from it."""
        troubles = []
        try:
            for frozen in self._due():
                try:
                    await self._deliver(frozen)
                except TransportUnavailable as error:
                    troubles.append(f"issue {frozen.name} waits: {told(error)}")
                if self._stopped.is_set():
                    break
        except StoreError as error:
            troubles.append(told(error))
        return troubles

    async def _rest(self, seconds: float) -> None:
        """Wait, but not past `stop`."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

    def _due(self) -> list[Frozen]:
        return list(under_way(self._engine, self._clock()))

    async def _deliver(self, frozen: Frozen) -> None:
        _log.info("issue %s: delivering by %s", frozen.name, frozen.transport)
        self._count()
        self._run = self._start(frozen)
        try:
            await self._run.deliver()
        finally:
            self._run = None
            self._count()
        with reading(self._engine) as connection:
            state = issues.get(connection, frozen.name).state
        _log.info("issue %s: nothing more to deliver now; it is %s", frozen.name, state)

    async def _repeat(self, chore: PeriodicTask, threads: Executor) -> None:
        """Do a chore again and again; one that fails is tried again, ever later."""
        loop, patience = asyncio.get_running_loop(), _POLL
        while not self._stopped.is_set():
            rest = chore.period
            try:
                await loop.run_in_executor(threads, chore.do)
                patience = _POLL
            except Exception as error:  # noqa: BLE001  whatever it is, it must not end the delivery
                rest = patience = min(_PATIENCE, patience * 2)
                _log.warning("%s failed (tried again in %.0f s): %s", chore.name, rest, told(error))
            await self._rest(rest)
