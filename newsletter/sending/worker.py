"""The worker: a long-running process that delivers the issues being sent; any number share the work.

The ledger is the queue: an open chunk whose lease has expired is work, whoever held it before. Alongside the
delivery, however long it takes, a worker does jobs, in threads.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event

from sqlalchemy import Engine

from newsletter.errors import NewsletterError, StoreError, TransportUnavailable, log_text
from newsletter.sending.deliver import Run
from newsletter.sending.start import under_way
from newsletter.store import issues
from newsletter.store.db import reading
from newsletter.store.issues import Frozen
from newsletter.store.ledger import LEASE

_log = logging.getLogger(__name__)
_POLL = 0.5  # seconds between polls for work; one indexed query each
_LOOK = 1.0  # seconds between looks whether the settings have changed
_PATIENCE = 60.0  # seconds at most between retries of what fails
_SERVER_PATIENCE = 4.0  # the same for a database server, whose standby may replace it within seconds
_REPEAT = 60.0  # seconds after which a warning that stays the same is logged again


def _longest_wait(error: Exception) -> float:
    return _SERVER_PATIENCE if isinstance(error, StoreError) else _PATIENCE


class Worker:
    """Runs until `stop`; `start` makes a run of an issue; `jobs` is called once in a thread, until its event.

    `count` is called before and after each run, so that a backup made before or meanwhile is recognised as
    one. When `settings` returns others during a run, the run ends, and another one goes on with those. An
    unavailable transport or database is retried with backoff.
    """

    def __init__(  # noqa: PLR0913  the parts of a worker
        self,
        engine: Engine,
        start: Callable[[Frozen], Run],
        clock: Callable[[], datetime],
        jobs: Callable[[Event], object] = Event.wait,
        count: Callable[[], object] = lambda: None,
        *,
        settings: Callable[[], object] = lambda: None,
    ) -> None:
        self._engine = engine
        self._jobs = jobs
        self._count = count
        self._settings = settings
        self._start = start
        self._clock = clock
        self._stopped = asyncio.Event()
        self._run: Run | None = None
        self._failed = False
        self._warned: dict[str, tuple[str, float]] = {}

    def stop(self) -> None:
        """Finish the messages on the wire, then return from `work`."""
        self._stopped.set()
        if self._run:
            self._run.stop()

    async def work(self) -> None:
        """Deliver what is due, and do jobs beside it, until `stop` is called."""
        stopped = Event()
        with ThreadPoolExecutor(1, "jobs") as thread:
            beside = asyncio.get_running_loop().run_in_executor(thread, self._jobs, stopped)
            try:
                await self._deliver_what_is_due()
            finally:
                self._stopped.set()
                stopped.set()
                await beside

    async def _deliver_what_is_due(self) -> None:
        wait = _POLL
        while not self._stopped.is_set():
            troubles = await self._look()
            wait = min(wait * 2, *map(_longest_wait, troubles.values())) if troubles else _POLL
            for what, error in troubles.items():
                self._warn(what, error, wait)
            await self._rest(wait)

    def _warn(self, what: str, error: Exception, wait: float) -> None:
        """Log an error that is retried, unless the same was logged less than a minute ago."""
        text, now = log_text(error), time.monotonic()
        before, at = self._warned.get(what, ("", 0.0))
        if text != before or now - at > _REPEAT:
            self._warned[what] = text, now
            _log.warning("%s: %s (tried again in %.0f s)", what, text, wait)

    async def _look(self) -> Mapping[str, NewsletterError]:
        """Deliver what is due now; return errors that may be temporary, by what they keep waiting."""
        troubles: dict[str, NewsletterError] = {}
        try:
            await self._after_a_failure()
            for frozen in self._due():
                try:
                    await self._deliver(frozen)
                except TransportUnavailable as error:
                    troubles[f"issue {frozen.name} waits"] = error
                if self._stopped.is_set():
                    break
        except StoreError as error:
            troubles["sending waits"] = error
            self._failed = True
        return troubles

    async def _after_a_failure(self) -> None:
        """Check what the server has lost, if it may have, and let the other workers do so, for a lease.

        Whoever took over a chunk before its worker has checked it might send what that one had sent.
        """
        if self._failed and self._engine.dialect.name == "postgresql":
            self._count()
            await self._rest(LEASE)
        self._failed = False

    async def _rest(self, seconds: float) -> None:
        """Wait, or until `stop` is called."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

    async def _end_at_other_settings(self, run: Run, settings: object) -> None:
        while self._settings() == settings:  # noqa: ASYNC110  what it waits for is no event
            await asyncio.sleep(_LOOK)
        run.stop()

    def _due(self) -> list[Frozen]:
        return list(under_way(self._engine, self._clock()))

    async def _deliver(self, frozen: Frozen) -> None:
        _log.info("issue %s: delivering by %s", frozen.name, frozen.transport)
        self._count()
        settings = self._settings()
        self._run = self._start(frozen)
        watch = asyncio.create_task(self._end_at_other_settings(self._run, settings))
        try:
            await self._run.deliver()
        finally:
            watch.cancel()
            self._run = None
            self._count()
        with reading(self._engine) as connection:
            state = issues.get(connection, frozen.name).state
        _log.info("issue %s: nothing more to deliver now; it is %s", frozen.name, state)
