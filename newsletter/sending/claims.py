"""Feed the transport's connections from leased chunks, with one commit for many bodies (group commit).

A body is sent only after a commit. A commit costs about the same for one body as for ten: so it waits a
moment until half of the connections can share it, while the relay is busy with the other half; where commits
are slow, as with a distant server, until all can. After a failed commit nothing more is sent; only the
database then says what is certain.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from itertools import chain
from time import monotonic

from sqlalchemy import Connection

from newsletter.errors import NewsletterError
from newsletter.model import IssueState, Outcome, Receipt, Verdict
from newsletter.sending.lane import Lane
from newsletter.sending.pace import CircuitBreaker, retry_at
from newsletter.sending.work import Begin, ChunkCommit, Dealt, Plan, Work
from newsletter.store import deliveries, issues, ledger, rate_limits, ways
from newsletter.store.commits import Clearance, CommitRequest, commit
from newsletter.store.db import KeptConnection, reading, writing
from newsletter.store.ledger import LEASE, Attempt, Due
from newsletter.store.ways import Out
from newsletter.transport.smtp_replies import count_gone

_log = logging.getLogger(__name__)
_GATHER = 0.002  # seconds; meanwhile the other half of the connections keeps the relay busy
_LONG = 0.004  # seconds; a commit that takes longer costs more than waiting for the other half
_SUPPRESSED = Receipt(outcome=Outcome.SUPPRESSED, detail="left, suppressed or erased before the sending")
_AHEAD = 1000  # messages queued for some way; with so many no further chunk is leased for another
_LOOK = 1.0  # seconds between reads of the ways that other workers have found to fail


class Claims:
    """The chunks that one worker has leased, dealt to the ways by which they leave; and their commits."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.wanted = asyncio.Event()
        self.took = 0.0  # seconds; duration of the last commit
        self.connections = 0  # that may ask for a commit
        self.failed: NewsletterError | None = None
        self.stopping = False
        self.halted = False  # the issue is not being sent any more
        self.reason = ""  # why the sending should pause
        self.news: dict[str, Out | None] = {}  # ways that have failed, or work again, since the last commit
        self.passed: set[int] = set()
        self.left_behind = False
        self.recorded = 0
        self._works: list[Work] = []
        self._waiting: list[Begin] = []
        self._enough = asyncio.Event()
        self._stirred = asyncio.Event()
        self._undealt: list[Dealt] = []
        self._others: Mapping[str, Out] = {}  # the ways that any worker has found to fail
        self._looked = 0.0
        self._kept = KeptConnection(plan.engine)
        self._closing = False
        with reading(plan.engine) as connection:
            known = ways.outs(connection) if len(plan.ways.all) > 1 else {}
            counts = deliveries.counts(connection, plan.name)
            gone = count_gone(deliveries.failures(connection, plan.name))
            patient = deliveries.accepted_later(connection, plan.name)
        self.lanes = {
            name: Lane(way, self, CircuitBreaker(Counter(counts), gone, patient), known.get(name))
            for name, way in plan.ways.all.items()
        }
        self.alone = next(iter(self.lanes.values())) if len(self.lanes) == 1 else None

    def take_turns(self, spans: Mapping[str, float], now: float) -> dict[str, float]:
        """Take turns from rate limits that all workers share."""
        with writing(self.plan.engine) as connection:
            return rate_limits.take(connection, spans, now)

    def lease(self) -> bool:
        """Lease a chunk, unless enough is queued, and deal it out to the ways; return whether it did."""
        if self.stopping or self.failed or self.all_out or self._queued() >= _AHEAD:
            return False
        ours = {work.lease.chunk for work in self._works}  # even if a lease expired while we slept
        with writing(self.plan.engine) as connection:
            found = self._acquire(connection, self.passed | ours)
            if found is None:
                return False
            work, dues = found
            self._works.append(work)
            self._deal([(work, due) for due in dues], nullcontext(connection))
        if not work.open:
            self.wanted.set()
        return True

    def _queued(self) -> int:
        return 0 if self.alone else sum(len(lane.queue) for lane in self.lanes.values())

    def _acquire(self, connection: Connection, passed: set[int]) -> tuple[Work, list[Due]] | None:
        plan = self.plan
        now = plan.clock()
        lease = ledger.acquire(connection, plan.name, plan.worker, now, passed)
        if lease is None:
            return None
        unsure = ledger.settle_inflight(connection, lease, now, repeatable=plan.ways.repeatable)
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
        work = Work(lease, len(ready))
        for erased in dues:
            if not erased.email:
                work.add(erased, _SUPPRESSED)
        return work, ready

    def _deal(self, dealt: Sequence[Dealt], transaction: AbstractContextManager[Connection]) -> None:
        """Queue each message for the first of its ways that takes it; without one it is left for later."""
        if self.alone and not self.alone.caps:
            self.alone.queue.extend(dealt)
            return
        capped = [lane for lane in self.lanes.values() if lane.caps and not lane.out]
        if capped:
            with transaction as connection:
                for lane in capped:
                    lane.allow(connection, len(dealt))
                self._deal_out(dealt)
                for lane in capped:
                    lane.give_back(connection)
        else:
            self._deal_out(dealt)
        self.stir()

    def _deal_out(self, dealt: Sequence[Dealt]) -> None:
        for work, due in dealt:
            lanes = [self.lanes[name] for name in self.plan.ways.of(due.email)]
            if due.attempt > 1:  # what a sick way has put off must not be what it is tried with each time
                lanes.sort(key=lambda lane: lane.tried)
            if lane := next((lane for lane in lanes if lane.takes()), None):
                lane.queue.append((work, due))
            elif any(lane.tried for lane in lanes):
                self._undealt.append((work, due))  # until the trial has told
            else:
                work.postpone(min(lane.again for lane in lanes))

    def deal_again(self, *lanes: Lane) -> None:
        """Deal out again what waits for `lanes`: one has failed, or may be used. Raises StoreError."""
        dealt = [*chain.from_iterable(lane.empty() for lane in lanes), *self._undealt]
        self._undealt.clear()
        try:
            self._deal(dealt, writing(self.plan.engine))
        except NewsletterError as error:
            self.failed = error
            raise

    @property
    def all_out(self) -> bool:
        """Whether every way has failed, and none may be tried yet."""
        return not self.alone and all(lane.out for lane in self.lanes.values())

    @property
    def over(self) -> bool:
        """Whether nothing will be dealt any more: nothing is queued or in hand, or nothing may be sent."""
        return (
            self.stopping
            or self.halted
            or self.failed is not None
            or self.all_out
            or not any(work.open for work in self._works)
        )

    def stir(self) -> None:
        """Let those who wait look again, and commit."""
        self.wanted.set()
        self._stirred.set()
        self._stirred = asyncio.Event()

    async def stirred(self, most: float | None = None) -> None:
        """Wait until something has been dealt or ended, or so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most):
                await self._stirred.wait()

    def request(self, begin: Begin) -> None:
        """Ask for the next commit to clear some bodies."""
        if self.failed:
            raise self.failed
        self._waiting.append(begin)
        self.wanted.set()
        # Half of the connections trigger a commit at once; all of them where commits take long.
        if len(self._waiting) >= (self.connections if self.took > _LONG else (self.connections + 1) // 2):
            self._enough.set()

    async def commit_until_closed(self) -> None:
        """Commit whenever a body waits, and often enough to renew the leases; report the progress.

        Raises the StoreError that ended the run.
        """
        self._closing = last = False
        renewals = asyncio.create_task(self._renew())
        try:
            while not last:
                await self.wanted.wait()
                await self._gather()
                self.wanted.clear()
                last = self._closing
                self._commit()
                self.plan.progress(self.recorded)
        finally:
            renewals.cancel()
        if self.failed:
            raise self.failed

    async def _renew(self) -> None:
        """Request a commit at intervals, which renews the leases."""
        while True:
            await asyncio.sleep(LEASE / 6)
            self.wanted.set()

    async def _gather(self) -> None:
        """Wait a moment for connections that are about to begin, so that they share this commit."""
        timer = asyncio.get_running_loop().call_later(max(_GATHER, self.took / 4), self._enough.set)
        await self._enough.wait()
        timer.cancel()
        self._enough.clear()

    def _commit(self) -> None:
        """Commit once: renew the leases, record outcomes, and answer the connections that wait to begin."""
        if self.failed:
            return
        start = monotonic()
        waiting, self._waiting = self._waiting, []
        parts = self._parts(waiting)
        try:
            with self._kept.writing() as connection:
                for part in parts:
                    self._write(connection, part)
                self._share(connection, start)
        except NewsletterError as error:
            self.failed = error
            for one in waiting:
                one.verdicts.set_exception(error)
            self.stir()
            return
        self.took = monotonic() - start
        verdicts: dict[int, Verdict] = {}
        for part in parts:
            self._settle(part, verdicts)
        if self._others:
            self._learn()
        for one in waiting:
            if not one.verdicts.done():
                one.verdicts.set_result([verdicts[due.subscriber] for _, due in one.bodies])

    def _parts(self, waiting: Sequence[Begin]) -> list[ChunkCommit]:
        bodies: dict[Work, list[tuple[Due, Attempt]]] = defaultdict(list)
        for one in waiting:
            for work, due in one.bodies:
                bodies[work].append((due, (due.subscriber, due.attempt, one.way)))
        return [self._part(work, bodies.get(work, [])) for work in self._works]

    @staticmethod
    def _part(work: Work, waiting: list[tuple[Due, Attempt]]) -> ChunkCommit:
        results, work.results = work.results, []
        next_up = [attempt for _, attempt in waiting]
        return ChunkCommit(
            work, CommitRequest(work.lease, list(work.begun.values()), next_up, results), waiting
        )

    def _write(self, connection: Connection, part: ChunkCommit) -> None:
        now, request = self.plan.clock(), part.request
        part.clearance = commit(connection, request, now)
        if part.clearance is None:
            ledger.settle(connection, request.lease.issue, request.results, now)
        elif not part.work.open:
            ledger.release(connection, request.lease, self._due_again(connection, part.work, now))
            part.released = True

    def _share(self, connection: Connection, start: float) -> None:
        """Share with other workers, within a commit, the holds on domains, failed ways, a reason to stop."""
        for lane in self.lanes.values():
            lane.pacer.share(connection)
        while self.news:
            name, out = self.news.popitem()
            if out:
                ways.put_out(connection, name, out)
            else:
                ways.recover(connection, name)
        if self._closing:
            for lane in self.lanes.values():
                lane.give_back(connection)
        if not self.alone and start - self._looked > _LOOK:
            self._looked, self._others = start, ways.outs(connection)
        if reason := self.reason:
            sending = [IssueState.SENDING]
            issues.change_state(connection, self.plan.name, IssueState.PAUSED, among=sending, reason=reason)

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
            for lane in self.lanes.values():
                work.open -= lane.drop(work)
        for due, attempt in part.waiting:
            verdict = verdicts[due.subscriber] = self._verdict(part.clearance, due)
            if verdict is Verdict.GO:
                work.begun[due.subscriber] = attempt
            else:
                work.open -= 1
            if verdict is Verdict.SUPPRESSED:
                work.add(due, _SUPPRESSED)
                self.wanted.set()
        self.halted |= part.clearance is not None and not part.clearance.running
        if part.released and work.lease.taken_from:
            log = "issue %s: chunk %d, taken over from %s, is done"
            _log.info(log, work.lease.issue, work.lease.chunk, work.lease.taken_from)
        if part.released:
            self.passed.add(work.lease.chunk)
        if part.released or (lost and not work.open and not work.results):
            self._works.remove(work)

    @staticmethod
    def _verdict(clearance: Clearance | None, due: Due) -> Verdict:
        if clearance is None or not clearance.running:
            return Verdict.STOP
        return Verdict.GO if due.subscriber in clearance.readers else Verdict.SUPPRESSED

    def _learn(self) -> None:
        """Take ways out of use that any worker has found to fail."""
        for name, out in self._others.items():
            if name in self.lanes:
                self.lanes[name].stay_out(out)
        self._others = {}

    def close(self) -> None:
        """Release every chunk in the next and last commit; call it when all connections have ended."""
        self.left_behind = self.all_out or any(work.open for work in self._works)
        for lane in self.lanes.values():
            lane.empty()
        self._undealt.clear()
        for work in self._works:
            work.open = 0
        self._waiting.clear()
        self._closing = True
        self.wanted.set()
        self._enough.set()

    def end(self) -> None:
        """Close the database connection; there are no commits after this."""
        self._kept.close()
