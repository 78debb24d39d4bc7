"""Feed the transport's connections from leased chunks, with one commit for many bodies (group commit).

A body is sent only after a commit. A commit costs about the same for one body as for ten: so it waits a
moment until half of the connections can share it, while the relay is busy with the other half; where commits
are slow, as with a distant server, until all can. After a failed commit nothing more is sent; only the
database then says what is certain.
"""

import asyncio
import logging
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from time import monotonic

from sqlalchemy import Connection

from newsletter.errors import NewsletterError
from newsletter.model import IssueState, Message, Outcome, Receipt, Verdict
from newsletter.sending.pace import GIVE_UP, REST, CircuitBreaker, domain_of, retry_after, retry_at, too_late
from newsletter.sending.pacer import Pacer
from newsletter.sending.work import Begin, ChunkCommit, Plan, Work
from newsletter.store import deliveries, issues, ledger, rate_limits
from newsletter.store.commits import Clearance, CommitRequest, commit
from newsletter.store.db import KeptConnection, reading, writing
from newsletter.store.ledger import LEASE, Due, Result
from newsletter.transport.smtp_replies import count_gone

_log = logging.getLogger(__name__)
_GATHER = 0.002  # seconds; meanwhile the other half of the connections keeps the relay busy
_LONG = 0.004  # seconds; a commit that takes longer costs more than waiting for the other half
_SUPPRESSED = Receipt(outcome=Outcome.SUPPRESSED, detail="left, suppressed or erased before the sending")
_UNSURE = Receipt(outcome=Outcome.UNKNOWN, detail="stopped while this message was being sent")


class Claims:
    """The chunks that one worker has leased: the `Outgoing` of all its connections, and their commits."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._works: list[Work] = []
        self._current: Work | None = None
        self._handed: dict[int, tuple[Work, Due]] = {}
        self._waiting: list[Begin] = []
        self._wanted = asyncio.Event()
        self._enough = asyncio.Event()
        self._took = 0.0  # seconds; duration of the last commit
        self._kept = KeptConnection(plan.engine)
        self._failed: NewsletterError | None = None
        self._closing = False
        self._pacer = Pacer(plan.rates, self._take_turns, lambda: plan.clock().timestamp())
        with reading(plan.engine) as connection:
            self._breaker = CircuitBreaker(
                Counter(deliveries.counts(connection, plan.name)),
                count_gone(deliveries.failures(connection, plan.name)),
                deliveries.accepted_later(connection, plan.name),
            )
        self.stopping = False
        self.passed: set[int] = set()
        self.left_behind = False
        self.recorded = 0

    async def next(self) -> Message | None:
        """Return the next message to prepare, when its turn has come; None when there are no more for now."""
        while not self.stopping:
            if self._current is None or not self._current.queue:
                self._current = self._take()
                if self._current is None:
                    return None
                continue
            work, due = self._current, self._current.queue.popleft()
            domain = domain_of(due.email)
            if until := self._pacer.held(domain):
                work.not_before = min(work.not_before or until, until)
                continue
            work.handed += 1
            await self._pacer.turn(domain)
            return self._hand_out(work, due)
        return None

    def ready(self) -> Message | None:
        """Return the next message to prepare if there is one whose turn is now."""
        work = self._current
        if self.stopping or work is None or not work.queue:
            return None
        domain = domain_of(work.queue[0].email)
        if self._pacer.held(domain) or not self._pacer.free(domain):
            return None
        work.handed += 1
        return self._hand_out(work, work.queue.popleft())

    def _hand_out(self, work: Work, due: Due) -> Message:
        self._handed[due.subscriber] = work, due
        return self._plan.writers.write(due, self._plan.clock())

    def _take_turns(self, spans: Mapping[str, float], now: float) -> dict[str, float]:
        with writing(self._plan.engine) as connection:
            return rate_limits.take(connection, spans, now)

    def _take(self) -> Work | None:
        """Lease a free chunk, or return the one that another connection has just leased; None without any."""
        if self._works and self._works[-1] is not self._current and self._works[-1].queue:
            return self._works[-1]
        ours = {work.lease.chunk for work in self._works}  # even if a lease expired while we slept
        with writing(self._plan.engine) as connection:
            work = self._acquire(connection, self.passed | ours)
        if work:
            self._works.append(work)
            if work.finished:
                self._wanted.set()
        return work

    def _acquire(self, connection: Connection, passed: set[int]) -> Work | None:
        plan = self._plan
        now = plan.clock()
        lease = ledger.acquire(connection, plan.name, plan.worker, now, passed)
        if lease is None:
            return None
        unsure = ledger.settle_inflight(connection, lease, now, repeatable=plan.transport.repeatable)
        if lease.taken_from:
            log = "issue %s: took over chunk %d from %s, which ended; %d messages with unknown outcome"
            _log.warning(log, lease.issue, lease.chunk, lease.taken_from, unsure)
        dues, seconds = ledger.due(connection, lease, plan.where), now.timestamp()
        ready = [
            due
            for due in dues
            if due.email and retry_at(due.tried_at, due.attempt - 1, due.subscriber) <= seconds
        ]
        plan.writers.prepare(connection, ready)
        work = Work(lease, deque(ready))
        for erased in dues:
            if not erased.email:
                work.add(erased, _SUPPRESSED)
        return work

    @property
    def commit_seconds(self) -> float:
        """How long the last commit took."""
        return self._took

    async def begin(self, messages: Sequence[Message]) -> Sequence[Verdict]:
        """Wait for the commit that records that `messages` may be on the wire. Raises StoreError."""
        if self._failed:
            raise self._failed
        cleared: asyncio.Future[Sequence[Verdict]] = asyncio.get_running_loop().create_future()
        bodies = [self._handed[message.subscriber] for message in messages]
        self._waiting.append(Begin(bodies, cleared))
        self._wanted.set()
        if len(self._waiting) >= self._quorum:
            self._enough.set()
        verdicts = await cleared
        for (_, due), verdict in zip(bodies, verdicts, strict=True):
            if verdict is not Verdict.GO:
                self._pacer.release(domain_of(due.email))
                del self._handed[due.subscriber]
        return verdicts

    def finish(self, message: Message, receipt: Receipt) -> None:
        """Record an outcome in the next commit; the pacer and the circuit breaker learn from it at once."""
        work, due = self._handed.pop(message.subscriber)
        self._pacer.hear(domain_of(due.email), receipt)
        self._breaker.hear(receipt, due.attempt)
        if self._breaker.rest:
            _log.warning("issue %s: sending rests for %.0f s: %s", self._plan.name, REST, self._breaker.rest)
            self._pacer.rest(REST)
            self._breaker.rest = ""
        if receipt.outcome is Outcome.DEFERRED and self._too_late(due):
            detail = f"given up after {GIVE_UP // 3600} hours: {receipt.detail}"
            receipt = replace(receipt, outcome=Outcome.REFUSED, detail=detail)
        work.add(due, receipt)
        work.handed -= 1
        if work.finished:
            self._wanted.set()

    def _too_late(self, due: Due) -> bool:
        again = self._plan.clock().timestamp() + retry_after(due.attempt, due.subscriber)
        begun = self._plan.begun_at.timestamp()
        return too_late(again, begun, due.tried_at, due.attempt, due.subscriber)

    def withdraw(self, message: Message) -> None:
        """Record, in a commit at once, that the body of `message` was not sent and is off the wire."""
        work, due = self._handed[message.subscriber]
        work.begun.pop(due.subscriber, None)
        self._wanted.set()

    def put_back(self, message: Message) -> None:
        """Put `message`, whose body was not sent, back among the pending deliveries."""
        work, due = self._handed.pop(message.subscriber)
        self._pacer.release(domain_of(due.email))
        work.begun.pop(due.subscriber, None)
        work.queue.appendleft(due)
        work.handed -= 1

    @property
    def _quorum(self) -> int:
        """How many waiting connections trigger a commit at once."""
        connections = self._plan.transport.connections
        return connections if self._took > _LONG else (connections + 1) // 2

    async def commit_until_closed(self) -> None:
        """Commit whenever a body waits, and often enough to renew the leases; report the progress.

        Raises the StoreError that ended the run.
        """
        self._closing = last = False
        renewals = asyncio.create_task(self._renew())
        try:
            while not last:
                await self._wanted.wait()
                await self._gather()
                self._wanted.clear()
                last = self._closing
                self._commit()
                self._plan.progress(self.recorded)
        finally:
            renewals.cancel()
        if self._failed:
            raise self._failed

    async def _renew(self) -> None:
        """Request a commit at intervals, which renews the leases."""
        while True:
            await asyncio.sleep(LEASE / 6)
            self._wanted.set()

    async def _gather(self) -> None:
        """Wait a moment for connections that are about to begin, so that they share this commit."""
        timer = asyncio.get_running_loop().call_later(max(_GATHER, self._took / 4), self._enough.set)
        await self._enough.wait()
        timer.cancel()
        self._enough.clear()

    def _commit(self) -> None:
        """Commit once: renew the leases, record outcomes, and answer the connections that wait to begin."""
        if self._failed:
            return
        start = monotonic()
        waiting, self._waiting = self._waiting, []
        bodies: dict[Work, list[Due]] = defaultdict(list)
        for work, due in chain.from_iterable(one.bodies for one in waiting):
            bodies[work].append(due)
        parts = [self._part(work, bodies.get(work, [])) for work in self._works]
        try:
            with self._kept.writing() as connection:
                for part in parts:
                    self._write(connection, part)
                self._share(connection)
        except NewsletterError as error:
            self._failed = error
            for one in waiting:
                one.verdicts.set_exception(error)
            return
        self._took = monotonic() - start
        verdicts: dict[int, Verdict] = {}
        for part in parts:
            self._settle(part, verdicts)
        for one in waiting:
            if not one.verdicts.done():
                one.verdicts.set_result([verdicts[due.subscriber] for _, due in one.bodies])

    def _part(self, work: Work, waiting: list[Due]) -> ChunkCommit:
        results, work.results = work.results, []
        others = bool(work.queue) or work.handed > len(waiting)
        next_up = [(due.subscriber, due.attempt) for due in waiting]
        request = CommitRequest(work.lease, list(work.begun.items()), next_up, results)
        return ChunkCommit(work, request, waiting, others)

    def _write(self, connection: Connection, part: ChunkCommit) -> None:
        now, request = self._plan.clock(), part.request
        part.clearance = commit(connection, request, now)
        if part.clearance is None:
            ledger.settle(connection, request.lease.issue, request.results, now)
        elif not part.others and not request.waiting:
            ledger.release(connection, request.lease, self._due_again(connection, part.work, now))
            part.released = True

    def _share(self, connection: Connection) -> None:
        """Share with other workers, within a commit, the holds on domains and a reason to stop."""
        self._pacer.share(connection)
        if reason := self._breaker.reason:
            sending = [IssueState.SENDING]
            issues.change_state(connection, self._plan.name, IssueState.PAUSED, among=sending, reason=reason)

    @staticmethod
    def _due_again(connection: Connection, work: Work, now: datetime) -> float | None:
        """Return when the chunk next has something to send; None when it is done.

        A delivery that is due but was postponed with others does not bring that moment forward.
        """
        moments = [
            retry_at(at, attempts, number) if attempts else work.not_before
            for number, attempts, at in ledger.leftovers(connection, work.lease)
        ]
        due = min(moments, default=None)
        return due if due is None or due > now.timestamp() else max(due, work.not_before)

    def _settle(self, part: ChunkCommit, verdicts: dict[int, Verdict]) -> None:
        """Take over what a commit did to a chunk, and add the verdicts on its waiting bodies."""
        work, lost = part.work, part.clearance is None
        self.recorded += len(part.request.results)
        if lost:
            work.queue.clear()
        for due in part.waiting:
            verdict = verdicts[due.subscriber] = self._verdict(part.clearance, due)
            if verdict is Verdict.GO:
                work.begun[due.subscriber] = due.attempt
            else:
                work.handed -= 1
            if verdict is Verdict.SUPPRESSED:
                work.add(due, _SUPPRESSED)
                self._wanted.set()
        if part.released and work.lease.taken_from:
            log = "issue %s: chunk %d, taken over from %s, is done"
            _log.info(log, work.lease.issue, work.lease.chunk, work.lease.taken_from)
        if part.released:
            self.passed.add(work.lease.chunk)
        if part.released or (lost and work.finished and not work.results):
            self._works.remove(work)

    @staticmethod
    def _verdict(clearance: Clearance | None, due: Due) -> Verdict:
        if clearance is None or not clearance.running:
            return Verdict.STOP
        return Verdict.GO if due.subscriber in clearance.readers else Verdict.SUPPRESSED

    def close(self) -> None:
        """Release every chunk in the next and last commit; call it when all connections have ended."""
        self._current = None
        self._handed.clear()
        self.left_behind = any(not work.finished for work in self._works)
        for work in self._works:
            work.queue.clear()
            work.handed = 0
            if not self._plan.transport.repeatable:
                for subscriber, attempt in work.begun.items():
                    work.results.append(Result(subscriber, attempt, _UNSURE))
            work.begun.clear()
        self._waiting.clear()
        self._closing = True
        self._wanted.set()
        self._enough.set()

    def end(self) -> None:
        """Close the database connection; there are no commits after this."""
        self._kept.close()
