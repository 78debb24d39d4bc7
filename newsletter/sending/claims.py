"""The chunks a worker holds, and the one commit that serves all its connections.

Every body that is about to leave waits for a commit, and every commit takes along all that wait: one flush of
the disk covers many. After a failed commit nothing more leaves; the database alone then says what is certain.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine

from newsletter.errors import NewsletterError
from newsletter.model import Outcome, Receipt, Verdict
from newsletter.store import ledger
from newsletter.store.db import writing
from newsletter.store.ledger import Due, Lease, Result

_SUPPRESSED = Receipt(outcome=Outcome.SUPPRESSED, detail="left, suppressed or erased before the message left")
_UNSURE = Receipt(outcome=Outcome.UNKNOWN, detail="stopped while this message was leaving")


@dataclass(slots=True, eq=False)
class Work:
    """A chunk of ours: who is to be sent to, whose body is on the wire, what is not recorded yet."""

    lease: Lease
    queue: deque[Due]
    begun: dict[int, int] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    handed: int = 0

    def add(self, due: Due, receipt: Receipt) -> None:
        """Keep an outcome for the next commit."""
        self.begun.pop(due.subscriber, None)
        self.results.append(Result(due.subscriber, due.attempt, receipt))

    @property
    def finished(self) -> bool:
        """True when nobody is left to send to and nobody is being sent to."""
        return not self.queue and not self.handed


@dataclass(frozen=True, slots=True)
class _Begin:
    work: Work
    due: Due
    verdict: asyncio.Future[Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds chunks, of which issue, and for which readers; `repeatable` as of the transport."""

    engine: Engine
    name: str
    worker: str
    clock: Callable[[], datetime]
    repeatable: bool
    where: ColumnElement[bool] | None = None


class Claims:
    """What one worker holds of an issue."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self._works: list[Work] = []
        self._waiting: list[_Begin] = []
        self._scheduled = False
        self._failed: NewsletterError | None = None
        self.passed: set[int] = set()
        self.recorded = 0

    def take(self) -> Work | None:
        """Acquire a chunk that is open and free; None when there is none."""
        with writing(self._holder.engine) as connection:
            now = self._holder.clock()
            lease = ledger.acquire(connection, self._holder.name, self._holder.worker, now, self.passed)
            if lease is None:
                return None
            ledger.settle_inflight(connection, lease, now, repeatable=self._holder.repeatable)
            work = Work(lease, deque(ledger.due(connection, lease, self._holder.where)))
        for due in [due for due in work.queue if not due.email]:
            work.queue.remove(due)
            work.add(due, _SUPPRESSED)
        self._works.append(work)
        if work.finished:
            self.commit_soon()
        return work

    async def begin(self, work: Work, due: Due) -> Verdict:
        """Wait for the commit that says the body for `due` is on the wire. Raises StoreError."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Begin(work, due, verdict))
        self.commit_soon()
        return await verdict

    def finish(self, work: Work, due: Due, receipt: Receipt) -> None:
        """Keep the outcome of `due`; it is committed with the next body, or at once when it was the last."""
        work.add(due, receipt)
        work.handed -= 1
        if work.finished:
            self.commit_soon()

    def commit_soon(self) -> None:
        """Commit once every connection that has an answer to read has read it."""
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self.commit)

    def commit(self) -> None:
        """Renew the leases, record outcomes, and answer whoever waits to begin."""
        self._scheduled = False
        if self._failed:
            return
        waiting, self._waiting = self._waiting, []
        try:
            with writing(self._holder.engine) as connection:
                verdicts = self._judge(connection, waiting)
                lost = self._write(connection)
        except NewsletterError as error:
            self._failed = error
            for one in waiting:
                one.verdict.set_exception(error)
            return
        for one, verdict in zip(waiting, verdicts, strict=True):
            if not one.verdict.done():
                one.verdict.set_result(Verdict.STOP if one.work in lost else verdict)

    def _judge(self, connection: Connection, waiting: list[_Begin]) -> list[Verdict]:
        if not waiting:
            return []
        running = ledger.running(connection, self._holder.name)
        reachable = (
            ledger.reachable(connection, [one.due.subscriber for one in waiting]) if running else set()
        )
        verdicts = []
        for one in waiting:
            if not running:
                verdict = Verdict.STOP
            elif one.due.subscriber in reachable:
                verdict = Verdict.GO
                one.work.begun[one.due.subscriber] = one.due.attempt
            else:
                verdict = Verdict.SUPPRESSED
                one.work.add(one.due, _SUPPRESSED)
            if verdict is not Verdict.GO:
                one.work.handed -= 1
            verdicts.append(verdict)
        return verdicts

    def _write(self, connection: Connection) -> list[Work]:
        """Commit each chunk; return those that have gone to another worker."""
        lost, kept = [], []
        now = self._holder.clock()
        for work in self._works:
            begun = list(work.begun.items())
            if not ledger.commit(connection, work.lease, begun, work.results, now):
                work.queue.clear()
                lost.append(work)
            elif work.finished:
                ledger.release(connection, work.lease)
                self.passed.add(work.lease.chunk)
            if not work.finished:
                kept.append(work)
            self.recorded += len(work.results)
            work.results = []
        self._works = kept
        return lost

    def close(self) -> None:
        """Record what is known and give every chunk back. Raises the StoreError that ended the run."""
        self._waiting.clear()
        for work in self._works:
            work.queue.clear()
            work.handed = 0
            if not self._holder.repeatable:
                for subscriber, attempt in work.begun.items():
                    work.results.append(Result(subscriber, attempt, _UNSURE))
            work.begun.clear()
        self.commit()
        if self._failed:
            raise self._failed
