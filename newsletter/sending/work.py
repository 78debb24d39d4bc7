"""What a worker has in hand: chunks, bodies that wait to leave, and what one commit is to write."""

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
    """Who holds chunks, of which issue, and for which readers; `repeatable` as of the transport.

    `begun_at` is when the issue began to leave, in seconds since 1970; of `connections` bodies wait for a
    commit, and `share` is run within each.
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
    """A chunk of ours: who is to be sent to, whose body is on the wire, what is not recorded yet."""

    lease: Lease
    queue: deque[Due]
    begun: dict[int, int] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    handed: int = 0
    not_before: float = 0.0  # when those may be sent to who were put off, in seconds since 1970

    def add(self, due: Due, receipt: Receipt) -> None:
        """Keep an outcome for the next commit."""
        self.begun.pop(due.subscriber, None)
        self.results.append(Result(due.subscriber, due.attempt, receipt))

    @property
    def finished(self) -> bool:
        """True when nobody is left to send to and nobody is being sent to."""
        return not self.queue and not self.handed


@dataclass(frozen=True, slots=True)
class Begin:
    """A connection that waits for leave to write a body."""

    due: Due
    verdict: asyncio.Future[Verdict]


@dataclass(slots=True)
class ChunkCommit:
    """What one commit says of one chunk, and what it found: who may leave, None when the chunk is lost."""

    work: Work
    step: CommitRequest
    waiting: list[Begin]
    others: bool  # whether the chunk has readers beside those that wait
    leave: Clearance | None = None
    released: bool = False
