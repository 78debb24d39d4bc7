"""The data of one worker's delivery: its parameters, its leased chunks, and what one commit writes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Engine

from newsletter.model import Receipt, Verdict
from newsletter.sending.ways import Ways
from newsletter.sending.writers import Writers
from newsletter.store.commits import Clearance, CommitRequest
from newsletter.store.ledger import Attempt, Due, Lease, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The parameters of a run: `worker` delivers the issue `name`, which started at `begun_at`.

    `rates` are messages a second by scope, of which `relay:…` is a way's; `where` restricts the readers;
    `progress` is called with the number of deliveries that got an outcome since the run began.
    """

    engine: Engine
    name: str
    writers: Writers
    ways: Ways
    worker: str
    clock: Callable[[], datetime]
    begun_at: datetime
    progress: Callable[[int], None]
    rates: Mapping[str, float]
    where: ColumnElement[bool] | None = None


@dataclass(slots=True, eq=False)
class Work:
    """A leased chunk: how many deliveries are `open` (queued or in a connection's hand), and its news."""

    lease: Lease
    open: int = 0
    begun: dict[int, Attempt] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    not_before: float = 0.0  # when postponed deliveries may be tried, in seconds since 1970

    def add(self, due: Due, receipt: Receipt, way: str = "") -> None:
        """Queue an outcome for the next commit."""
        self.begun.pop(due.subscriber, None)
        self.results.append(Result(due.subscriber, due.attempt, receipt, way))

    def postpone(self, until: float) -> None:
        """Leave one of its deliveries for later."""
        self.open -= 1
        self.not_before = min(self.not_before or until, until)


Dealt = tuple[Work, Due]
"""A delivery to be made, and the chunk it belongs to."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A connection that waits for clearance to send bodies by one way, which may be of several chunks."""

    way: str
    bodies: Sequence[Dealt]
    verdicts: asyncio.Future[Sequence[Verdict]]


@dataclass(slots=True)
class ChunkCommit:
    """One chunk's part of a commit; its result is `clearance`, None if the lease is lost."""

    work: Work
    request: CommitRequest
    waiting: list[tuple[Due, Attempt]]
    clearance: Clearance | None = None
    released: bool = False
