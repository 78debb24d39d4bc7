"""A worker: delivers whatever issue is being sent, as long as it runs; any number of them share the work.

The ledger is the queue: an open chunk whose lease has ended is work, whoever held it before.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from newsletter.errors import TransportUnavailable
from newsletter.sending.deliver import Run
from newsletter.sending.weekly import Week, tick
from newsletter.store import deliveries, issues
from newsletter.store.db import reading
from newsletter.store.issues import Frozen

_log = logging.getLogger(__name__)
_POLL = 0.5  # seconds between looks for work; one indexed query each
_PATIENCE = 60.0  # seconds at most between tries of a transport that is not there


class Worker:
    """Runs until `stop`; `start` makes a run of an issue; `week` is the weekly hour, if one is set.

    A transport that is away is tried again.
    """

    def __init__(
        self,
        engine: Engine,
        start: Callable[[Frozen], Run],
        clock: Callable[[], datetime],
        week: Week | None = None,
    ) -> None:
        self._engine = engine
        self._week = week
        self._start = start
        self._clock = clock
        self._stopped = asyncio.Event()
        self._run: Run | None = None
        self._wait = _POLL

    def stop(self) -> None:
        """Let what is on the wire finish, and end."""
        self._stopped.set()
        if self._run:
            self._run.stop()

    async def work(self) -> None:
        """Deliver what is due until `stop` is called. Raises StoreError."""
        while not self._stopped.is_set():
            if self._week:
                await asyncio.to_thread(tick, self._week)
            for frozen in self._due():
                await self._deliver(frozen)
                if self._stopped.is_set():
                    return
            try:
                async with asyncio.timeout(self._wait):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    def _due(self) -> list[Frozen]:
        with reading(self._engine) as connection:
            names = deliveries.issues_due(connection, self._clock().timestamp())
            return [issues.get(connection, name) for name in names]

    async def _deliver(self, frozen: Frozen) -> None:
        _log.info("issue %s: delivering by %s", frozen.name, frozen.transport)
        self._run = self._start(frozen)
        try:
            await self._run.deliver()
        except TransportUnavailable as error:
            self._wait = min(_PATIENCE, self._wait * 2)
            _log.warning("issue %s waits %.0f s: %s. %s", frozen.name, self._wait, error, error.hint)
        else:
            self._wait = _POLL
        finally:
            self._run = None
