"""A worker's data: its leased chunks, the bodies that wait to be sent, and what one commit writes."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine

from newsletter.model import Receipt, Verdict
from newsletter.store.commits import Clearance, CommitRequest
from newsletter.store.ledger import Due, Lease, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who leases chunks, of which issue, and for which readers; `repeatable` as in the transport.

    `begun_at` is when the issue started, in seconds since 1970; each of `connections` waits for a commit with
    one body, and `share` is called within each commit.
    """

    engine: Engine
    name: str
    worker: str
    clock: Callable[[], datetime]
    repeatable: bool
    begun_at: float
    connections: int
    share: Callable[[Connection], None]
    where: ColumnElement[bool] | None = None


@dataclass(slots=True, eq=False)
class Work:
    """A leased chunk: the queue of deliveries, those whose body is on the wire, outcomes not yet recorded."""

    lease: Lease
    queue: deque[Due]
    begun: dict[int, int] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    handed: int = 0
    not_before: float = 0.0  # when postponed deliveries may be tried, in seconds since 1970

    def add(self, due: Due, receipt: Receipt) -> None:
        """Queue an outcome for the next commit."""
        self.begun.pop(due.subscriber, None)
        self.results.append(Result(due.subscriber, due.attempt, receipt))

    @property
    def finished(self) -> bool:
        """True when no delivery is queued or in flight."""
        return not self.queue and not self.handed


@dataclass(frozen=True, slots=True)
class Begin:
    """A connection that waits for clearance to send a body."""

    due: Due
    verdict: asyncio.Future[Verdict]


@dataclass(slots=True)
class ChunkCommit:
    """One chunk's part of a commit; `leave` is its result: who may be sent to, None if the lease is lost."""

    work: Work
    step: CommitRequest
    waiting: list[Begin]
    others: bool  # whether the chunk has readers besides those that wait
    leave: Clearance | None = None
    released: bool = False
