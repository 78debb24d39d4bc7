"""The data of one worker's delivery: its parameters, its leased chunks, and what one commit writes."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Engine

from newsletter.model import Receipt, Verdict
from newsletter.ports import Transport
from newsletter.sending.writers import Writers
from newsletter.store.commits import Clearance, CommitRequest
from newsletter.store.ledger import Due, Lease, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The parameters of a run: `worker` delivers the issue `name`, which started at `begun_at`.

    `rates` are messages a second by scope; `where` restricts the readers; `progress` is called with the
    number of deliveries that got an outcome since the run began.
    """

    engine: Engine
    name: str
    writers: Writers
    transport: Transport
    worker: str
    clock: Callable[[], datetime]
    begun_at: datetime
    progress: Callable[[int], None]
    rates: Mapping[str, float]
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
    """A connection that waits for clearance to send bodies, which may be of several chunks."""

    bodies: Sequence[tuple["Work", Due]]
    verdicts: asyncio.Future[Sequence[Verdict]]


@dataclass(slots=True)
class ChunkCommit:
    """One chunk's part of a commit; its result is `clearance`, None if the lease is lost."""

    work: Work
    request: CommitRequest
    waiting: list[Due]
    others: bool  # whether the chunk has readers besides those that wait
    clearance: Clearance | None = None
    released: bool = False
