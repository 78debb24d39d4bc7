"""The chunks that a worker has leased, and group commit for all its connections.

A body is sent only after a commit. A commit costs about the same for one body as for ten: so it waits a
moment until half of the connections can share it, while the relay is busy with the other half; where commits
are slow, as with a distant server, until all can. After a failed commit nothing more is sent; only the
database then says what is certain.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import chain
from time import monotonic

from sqlalchemy import Connection

from newsletter.errors import NewsletterError
from newsletter.model import Outcome, Receipt, Verdict
from newsletter.sending.pace import GIVE_UP, retry_after, retry_at
from newsletter.sending.work import Begin, ChunkCommit, Holder, Work
from newsletter.store import ledger
from newsletter.store.commits import Clearance, CommitRequest, commit
from newsletter.store.db import KeptConnection, writing
from newsletter.store.ledger import LEASE, Due, Result

_log = logging.getLogger(__name__)
_GATHER = 0.002  # seconds; meanwhile the other half of the connections keeps the relay busy
_LONG = 0.004  # seconds; a commit that takes longer costs more than waiting for the other half
_SUPPRESSED = Receipt(outcome=Outcome.SUPPRESSED, detail="left, suppressed or erased before the sending")
_UNSURE = Receipt(outcome=Outcome.UNKNOWN, detail="stopped while this message was being sent")


class Claims:
    """The chunks of an issue that one worker has leased, and their group commits."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self._works: list[Work] = []
        self._waiting: dict[Work, list[Begin]] = {}
        self._wanted = asyncio.Event()
        self._enough = asyncio.Event()
        self._took = 0.0  # seconds; duration of the last commit
        self._kept = KeptConnection(holder.engine)
        self._failed: NewsletterError | None = None
        self._closing = False
        self.passed: set[int] = set()
        self.left_behind = False
        self.recorded = 0

    def take(self, current: Work | None) -> Work | None:
        """Lease an open, free chunk, or return the one that another connection leased after `current`.

        Return None when there is none.
        """
        if self._works and self._works[-1] is not current and self._works[-1].queue:
            return self._works[-1]
        ours = {work.lease.chunk for work in self._works}  # even if a lease expired while we slept
        with writing(self._holder.engine) as connection:
            work = self._acquire(connection, self.passed | ours)
        if work:
            self._works.append(work)
            if work.finished:
                self._wanted.set()
        return work

    def _acquire(self, connection: Connection, passed: set[int]) -> Work | None:
        holder = self._holder
        now = holder.clock()
        lease = ledger.acquire(connection, holder.name, holder.worker, now, passed)
        if lease is None:
            return None
        unsure = ledger.settle_inflight(connection, lease, now, repeatable=holder.repeatable)
        if lease.taken_from:
            log = "issue %s: took over chunk %d from %s, which ended; %d messages with unknown outcome"
            _log.warning(log, lease.issue, lease.chunk, lease.taken_from, unsure)
        dues = ledger.due(connection, lease, holder.where)
        work = Work(
            lease,
            deque(
                due
                for due in dues
                if due.email and retry_at(due.tried_at, due.attempt - 1, due.subscriber) <= now.timestamp()
            ),
        )
        for erased in dues:
            if not erased.email:
                work.add(erased, _SUPPRESSED)
        return work

    async def begin(self, work: Work, due: Due) -> Verdict:
        """Wait for the commit that records that the body for `due` may be on the wire. Raises StoreError."""
        if self._failed:
            raise self._failed
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(work, []).append(Begin(due, verdict))
        self._wanted.set()
        if sum(map(len, self._waiting.values())) >= self._quorum:
            self._enough.set()
        return await verdict

    @property
    def _quorum(self) -> int:
        """How many waiting bodies trigger a commit at once."""
        connections = self._holder.connections
        return connections if self._took > _LONG else (connections + 1) // 2

    def finish(self, work: Work, due: Due, receipt: Receipt) -> None:
        """Record the outcome of `due` in the next commit, which comes at once when it was the last."""
        if receipt.outcome is Outcome.DEFERRED and self._too_late(due):
            detail = f"given up after {GIVE_UP // 3600} hours: {receipt.detail}"
            receipt = replace(receipt, outcome=Outcome.REFUSED, detail=detail)
        work.add(due, receipt)
        work.handed -= 1
        if work.finished:
            self._wanted.set()

    def withdraw(self, work: Work, due: Due) -> None:
        """Record, in a commit at once, that the body for `due` was not sent and is no longer on the wire."""
        work.begun.pop(due.subscriber, None)
        self._wanted.set()

    def put_back(self, work: Work, due: Due) -> None:
        """Put `due`, whose body was not sent, back among the pending deliveries."""
        work.begun.pop(due.subscriber, None)
        work.queue.appendleft(due)
        work.handed -= 1

    def _too_late(self, due: Due) -> bool:
        again = self._holder.clock().timestamp() + retry_after(due.attempt, due.subscriber)
        return again > self._holder.begun_at + GIVE_UP

    async def commit_until_closed(self, told: Callable[[int], None]) -> None:
        """Commit whenever a body waits, and often enough to renew the leases; report how many are recorded.

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
                told(self.recorded)
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
        parts = [self._part(work) for work in self._works]
        self._waiting.clear()
        try:
            with self._kept.writing() as connection:
                for part in parts:
                    self._write(connection, part)
                self._holder.share(connection)
        except NewsletterError as error:
            self._failed = error
            for one in chain.from_iterable(part.waiting for part in parts):
                one.verdict.set_exception(error)
            return
        self._took = monotonic() - start
        for part in parts:
            self._settle(part)

    def _part(self, work: Work) -> ChunkCommit:
        waiting = self._waiting.get(work, [])
        results, work.results = work.results, []
        others = bool(work.queue) or work.handed > len(waiting)
        asked = [(one.due.subscriber, one.due.attempt) for one in waiting]
        return ChunkCommit(
            work, CommitRequest(work.lease, list(work.begun.items()), asked, results), waiting, others
        )

    def _write(self, connection: Connection, part: ChunkCommit) -> None:
        now, step = self._holder.clock(), part.step
        part.leave = commit(connection, step, now)
        if part.leave is None:
            ledger.settle(connection, step.lease.issue, step.results, now)
        elif not part.others and not step.asked:
            ledger.release(connection, step.lease, self._due_again(connection, part.work, now))
            part.released = True

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

    def _settle(self, part: ChunkCommit) -> None:
        work, lost = part.work, part.leave is None
        self.recorded += len(part.step.results)
        if lost:
            work.queue.clear()
        for one in part.waiting:
            verdict = self._verdict(part.leave, one.due)
            if verdict is Verdict.GO:
                work.begun[one.due.subscriber] = one.due.attempt
            else:
                work.handed -= 1
            if verdict is Verdict.SUPPRESSED:
                work.add(one.due, _SUPPRESSED)
                self._wanted.set()
            if not one.verdict.done():
                one.verdict.set_result(verdict)
        if part.released and work.lease.taken_from:
            log = "issue %s: chunk %d, taken over from %s, is done"
            _log.info(log, work.lease.issue, work.lease.chunk, work.lease.taken_from)
        if part.released:
            self.passed.add(work.lease.chunk)
        if part.released or (lost and work.finished and not work.results):
            self._works.remove(work)

    @staticmethod
    def _verdict(leave: Clearance | None, due: Due) -> Verdict:
        if leave is None or not leave.running:
            return Verdict.STOP
        return Verdict.GO if due.subscriber in leave.readers else Verdict.SUPPRESSED

    def close(self) -> None:
        """Release every chunk in the next and last commit; call it when all connections have ended."""
        self.left_behind = any(not work.finished for work in self._works)
        for work in self._works:
            work.queue.clear()
            work.handed = 0
            if not self._holder.repeatable:
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
