"""Delivering a frozen issue: claim, personalise, send, record."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine

from newsletter.errors import NewsletterError
from newsletter.model import IssueState, Message, Receipt, Verdict
from newsletter.ports import Transport
from newsletter.sending.claims import Claims, Holder, Work
from newsletter.sending.personal import Writer
from newsletter.store import issues, ledger
from newsletter.store.db import reading, writing
from newsletter.store.ledger import Due

_POLL = 0.5  # seconds between looks at chunks that another worker holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run works with.

    `progress` is told how many deliveries got an outcome since the run began; `where` restricts the readers.
    """

    engine: Engine
    name: str
    writers: Mapping[str, Writer]
    transport: Transport
    worker: str
    clock: Callable[[], datetime]
    progress: Callable[[int], None]
    where: ColumnElement[bool] | None = None


class Run:
    """One worker's share of an issue: an `Outgoing` for the transport's connections."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._claims = Claims(
            Holder(
                engine=plan.engine,
                name=plan.name,
                worker=plan.worker,
                clock=plan.clock,
                repeatable=plan.transport.repeatable,
                where=plan.where,
            )
        )
        self._work: Work | None = None
        self._handed: dict[int, tuple[Work, Due]] = {}
        self._stopping = False

    def stop(self) -> None:
        """Let what is on the wire finish, and begin nothing new."""
        self._stopping = True

    async def deliver(self) -> None:
        """Send all that is open, taking over the chunks of workers that have died.

        Returns when nothing is left to do now, the issue was paused or cancelled, or `stop` was called.
        Raises TransportUnavailable when no connection can be had, StoreError when the database fails.
        """
        while True:
            before = self._claims.recorded
            failures = await self._drain()
            if failures and self._claims.recorded == before:
                raise failures[0]
            if self._stopping or not self._left():
                break
            await asyncio.sleep(_POLL)
        with writing(self._plan.engine) as connection:
            if not ledger.open_chunks(connection, self._plan.name):
                sent, sending = IssueState.SENT, [IssueState.SENDING]
                issues.change_state(connection, self._plan.name, sent, among=sending)

    async def _drain(self) -> list[NewsletterError]:
        """Let every connection work until there is nothing to take; return why some could not."""
        commits = asyncio.create_task(self._claims.commit_until_closed(self._plan.progress))
        transport = self._plan.transport
        try:
            ended = await asyncio.gather(
                *(transport.drain(self) for _ in range(transport.connections)), return_exceptions=True
            )
        finally:
            self._work = None
            self._handed.clear()
            self._claims.close()
            await commits
        failures = []
        for error in ended:
            if isinstance(error, NewsletterError):
                failures.append(error)
            elif error is not None:
                raise error
        return failures

    def _left(self) -> bool:
        """Tell whether chunks are open that this run has not been through, and may be sent."""
        with reading(self._plan.engine) as connection:
            left = ledger.open_chunks(connection, self._plan.name)
            return bool(left - self._claims.passed) and ledger.running(connection, self._plan.name)

    async def next(self) -> Message | None:
        """Return the next message to prepare; None when there are no more for now."""
        while not self._stopping:
            if self._work is None or not self._work.queue:
                self._work = await self._claims.take(self._work)
                if self._work is None:
                    return None
                continue
            work, due = self._work, self._work.queue.popleft()
            work.handed += 1
            self._handed[due.subscriber] = work, due
            return self._plan.writers[due.edition].write(due, self._plan.clock())
        return None

    async def begin(self, message: Message) -> Verdict:
        """Wait for the commit that puts `message` on the wire."""
        verdict = await self._claims.begin(*self._handed[message.subscriber])
        if verdict is not Verdict.GO:
            del self._handed[message.subscriber]
        return verdict

    def finish(self, message: Message, receipt: Receipt) -> None:
        """Keep the outcome for the next commit."""
        self._claims.finish(*self._handed.pop(message.subscriber), receipt)
