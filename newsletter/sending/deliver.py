"""Deliver a frozen issue: run the transport's connections until nothing is due, over all leased chunks."""

import asyncio
import gc
from itertools import chain

from newsletter.errors import NewsletterError
from newsletter.sending.claims import Claims
from newsletter.sending.start import finish
from newsletter.sending.work import Plan
from newsletter.store import deliveries, ledger
from newsletter.store.db import reading
from newsletter.store.ledger import LEASE

_POLL = 0.5  # seconds between checks of chunks that another worker holds


class Run:
    """One worker's delivery of an issue."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._claims = Claims(plan)

    def stop(self) -> None:
        """Finish the messages on the wire, and begin no others."""
        self._claims.stopping = True

    async def deliver(self) -> None:
        """Send all that is due, and take over the chunks of workers that have died.

        Returns when nothing is due any more, or not within the length of a lease, when the issue was paused
        or cancelled, or when `stop` was called. Raises TransportUnavailable when no connection can be made,
        StoreError when the database fails.
        """
        gc.freeze()  # keeps the garbage collector from scanning all older objects every few messages
        try:
            failed = await self._deliver()
        finally:
            gc.unfreeze()
            self._claims.end()
        finish(self._plan.engine, self._plan.name, self._plan.clock())
        if failed and not self._claims.stopping:
            raise failed

    async def _deliver(self) -> NewsletterError | None:
        """Send all that is due; return the errors that kept some of it from being sent."""
        failed: NewsletterError | None = None
        if alone := self._claims.alone:
            await alone.check()
        while True:
            before = self._claims.recorded
            failures = await self._drain()
            if failures and self._claims.recorded == before:
                raise failures[0]
            if failures and self._claims.left_behind:
                failed = failures[0]
            if self._claims.stopping or not self._left():
                return failed
            await asyncio.sleep(_POLL)

    async def _drain(self) -> list[NewsletterError]:
        """Use every way until there is nothing to take; return the errors that ended it before."""
        commits = asyncio.create_task(self._claims.commit_until_closed())
        lanes = self._claims.lanes.values()
        for lane in lanes:
            lane.running = True
        try:
            ended = await asyncio.gather(*(lane.drain() for lane in lanes))
        finally:
            self._claims.close()
            await commits
        return list(chain.from_iterable(ended))

    def _left(self) -> bool:
        """Return whether open chunks that this run has not processed are due soon."""
        with reading(self._plan.engine) as connection:
            left = deliveries.open_chunks(connection, self._plan.name)
            horizon = self._plan.clock().timestamp() + 2 * LEASE
            soon = {number for number, until in left.items() if until <= horizon}
            return bool(soon - self._claims.passed) and ledger.running(connection, self._plan.name)
