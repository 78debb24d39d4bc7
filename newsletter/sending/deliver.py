"""Deliver a frozen issue: lease chunks, personalise, send, record."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine

from newsletter.errors import NewsletterError
from newsletter.model import IssueState, Message, Receipt, Verdict
from newsletter.ports import Transport
from newsletter.sending.claims import Claims
from newsletter.sending.pace import REST, CircuitBreaker, domain_of
from newsletter.sending.pacer import Pacer
from newsletter.sending.personal import Writer
from newsletter.sending.start import finish
from newsletter.sending.work import Holder, Work
from newsletter.store import deliveries, issues, ledger, rate_limits
from newsletter.store.db import reading, writing
from newsletter.store.ledger import LEASE, Due
from newsletter.transport.smtp_replies import count_gone

_log = logging.getLogger(__name__)
_POLL = 0.5  # seconds between checks of chunks that another worker holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The parameters of a run.

    `rates` are messages a second by scope; `where` restricts the readers; `progress` is called with the
    number of deliveries that got an outcome since the run began; `begun_at` is when the issue started.
    """

    engine: Engine
    name: str
    writers: Mapping[str, Writer]
    transport: Transport
    worker: str
    clock: Callable[[], datetime]
    begun_at: datetime
    progress: Callable[[int], None]
    rates: Mapping[str, float]
    where: ColumnElement[bool] | None = None


class Run:
    """One worker's delivery of an issue: the `Outgoing` that feeds the transport's connections."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._claims = Claims(
            Holder(
                engine=plan.engine,
                name=plan.name,
                worker=plan.worker,
                clock=plan.clock,
                repeatable=plan.transport.repeatable,
                begun_at=plan.begun_at.timestamp(),
                connections=plan.transport.connections,
                share=self._share,
                where=plan.where,
            )
        )
        self._pacer = Pacer(plan.rates, self._take_turns, self._now)
        with reading(plan.engine) as connection:
            self._alarm = CircuitBreaker(
                Counter(deliveries.counts(connection, plan.name)),
                count_gone(deliveries.failures(connection, plan.name)),
                deliveries.accepted_later(connection, plan.name),
            )
        self._work: Work | None = None
        self._handed: dict[int, tuple[Work, Due]] = {}
        self._stopping = False

    def _now(self) -> float:
        return self._plan.clock().timestamp()

    def stop(self) -> None:
        """Finish the messages on the wire, and begin no others."""
        self._stopping = True

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
        finish(self._plan.engine, self._plan.name)
        if failed and not self._stopping:
            raise failed

    async def _deliver(self) -> NewsletterError | None:
        """Send all that is due; return the errors that kept some of it from being sent."""
        failed: NewsletterError | None = None
        await self._plan.transport.check()
        while True:
            before = self._claims.recorded
            failures = await self._drain()
            if failures and self._claims.recorded == before:
                raise failures[0]
            if failures and self._claims.left_behind:
                failed = failures[0]
            if self._stopping or not self._left():
                return failed
            await asyncio.sleep(_POLL)

    async def _drain(self) -> list[NewsletterError]:
        """Run every connection until there is nothing to take; return the errors of those that failed."""
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
        """Return whether open chunks that this run has not processed are due soon."""
        with reading(self._plan.engine) as connection:
            left = deliveries.open_chunks(connection, self._plan.name)
            soon = {number for number, until in left.items() if until <= self._now() + 2 * LEASE}
            return bool(soon - self._claims.passed) and ledger.running(connection, self._plan.name)

    async def next(self) -> Message | None:
        """Return the next message to prepare, when its turn has come; None when there are no more for now."""
        while not self._stopping:
            if self._work is None or not self._work.queue:
                self._work = self._claims.take(self._work)
                if self._work is None:
                    return None
                continue
            work, due = self._work, self._work.queue.popleft()
            domain = domain_of(due.email)
            if until := self._pacer.held(domain):
                work.not_before = min(work.not_before or until, until)
                continue
            work.handed += 1
            await self._pacer.turn(domain)
            return self._write(work, due)
        return None

    def ready(self) -> Message | None:
        """Return the next message to prepare if there is one whose turn is now."""
        work = self._work
        if self._stopping or work is None or not work.queue:
            return None
        domain = domain_of(work.queue[0].email)
        if self._pacer.held(domain) or not self._pacer.free(domain):
            return None
        work.handed += 1
        return self._write(work, work.queue.popleft())

    def _write(self, work: Work, due: Due) -> Message:
        self._handed[due.subscriber] = work, due
        return self._plan.writers[due.edition].write(due, self._plan.clock())

    async def begin(self, message: Message) -> Verdict:
        """Wait for the commit that puts `message` on the wire."""
        work, due = self._handed[message.subscriber]
        verdict = await self._claims.begin(work, due)
        if verdict is not Verdict.GO:
            self._pacer.leave(domain_of(due.email))
            del self._handed[message.subscriber]
        return verdict

    def finish(self, message: Message, receipt: Receipt) -> None:
        """Queue the outcome for the next commit, and let the pacer and the circuit breaker learn from it."""
        work, due = self._handed.pop(message.subscriber)
        self._pacer.hear(domain_of(due.email), receipt)
        self._alarm.hear(receipt, due.attempt)
        if self._alarm.rest:
            _log.warning("issue %s: sending rests for %.0f s: %s", self._plan.name, REST, self._alarm.rest)
            self._pacer.rest(REST)
            self._alarm.rest = ""
        self._claims.finish(work, due, receipt)

    def withdraw(self, message: Message) -> None:
        """Record that the body of `message` was not sent, and will not be before `begin` returns GO again."""
        self._claims.withdraw(*self._handed[message.subscriber])

    def put_back(self, message: Message) -> None:
        """Leave `message` pending: it was not sent."""
        work, due = self._handed.pop(message.subscriber)
        self._pacer.leave(domain_of(due.email))
        self._claims.put_back(work, due)

    def _take_turns(self, spans: Mapping[str, float], now: float) -> dict[str, float]:
        with writing(self._plan.engine) as connection:
            return rate_limits.take(connection, spans, now)

    def _share(self, connection: Connection) -> None:
        """Share with other workers, within a commit, the holds on domains and a reason to stop."""
        self._pacer.share(connection)
        if self._alarm.reason:
            paused, sending = IssueState.PAUSED, [IssueState.SENDING]
            issues.change_state(connection, self._plan.name, paused, among=sending, reason=self._alarm.reason)
