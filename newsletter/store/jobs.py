"""Jobs: what a worker does beside delivery. Each has one row, leased and fenced like a chunk of the ledger.

A job is taken by raising its epoch (a fencing token), and belongs to its worker while `free_at` is renewed;
whoever lost it can change nothing of it any more. A periodic job never ends: it waits for its next turn, and
its history is one row for each hour in which it did something, or failed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, update

from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import job

LEASE = 6.0
"""Seconds for which a worker holds a job; it renews the lease every two."""
LONGEST_WAIT = 300.0
"""The most seconds between two attempts."""
KEPT = timedelta(days=90)
"""For how long ended jobs are shown."""

_UNREAL = 2 * LONGEST_WAIT  # a row is not free for longer only after a clock that was ahead
_OPEN = job.c.open_as.is_not(None)


class State(StrEnum):
    """The state of a job; the last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `done` of `total` (0: not known), and a few words about it without any address."""

    done: int = 0
    total: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as stored; moments are UTC text, empty before they come. `free_at` is in seconds since 1970."""

    id: int
    kind: str
    key: str
    place: str
    state: State
    arguments: Mapping[str, Any] = field(default_factory=dict)
    free_at: float
    epoch: int
    worker: str
    attempts: int
    progress: Progress
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str
    requested_by: str
    requested_at: str
    started_at: str
    ended_at: str
    cancelled_by: str

    @property
    def open(self) -> bool:
        """Whether it waits or runs."""
        return not self.ended_at


def _job(row: Row[Any]) -> Job:
    columns = row._asdict()
    del columns["open_as"]
    return Job(**{**columns, "state": State(columns["state"]), "progress": Progress(**columns["progress"])})


def put(  # noqa: PLR0913, PLR0917  the columns of a request
    connection: Connection,
    kind: str,
    key: str,
    arguments: Mapping[str, Any],
    by: str,
    now: datetime,
    place: str = "",
) -> Job:
    """Request a job; while one of the same kind and key is open, return that one instead.

    With a `place`, only workers of that workspace folder take it.
    """
    row = {
        "kind": kind,
        "key": key,
        "open_as": f"{kind} {key}",
        "place": place,
        "arguments": dict(arguments),
        "state": State.WAITING,
        "requested_by": by,
        "requested_at": timestamp(now),
    }
    same = select(job).where(job.c.open_as == row["open_as"])
    while True:
        new = upsert(connection, job).values(row).on_conflict_do_nothing()
        connection.execute(new)
        if found := connection.execute(same).first():  # else it has ended since
            return _job(found)


def found(connection: Connection, number: int) -> Job | None:
    """Return the job with this number, or None."""
    row = connection.execute(select(job).where(job.c.id == number)).first()
    return _job(row) if row else None


def listed(
    connection: Connection, *, kinds: Collection[str] | None = None, limit: int = 100
) -> Sequence[Job]:
    """Return jobs: the open ones first, then the ended ones, the newest first."""
    query = select(job).order_by(_OPEN.desc(), job.c.ended_at.desc(), job.c.id.desc()).limit(limit)
    rows = connection.execute(query if kinds is None else query.where(job.c.kind.in_(kinds)))
    return [_job(row) for row in rows]


def _free(kinds: Collection[str], now: float, place: str) -> ColumnElement[bool]:
    due = or_(job.c.free_at <= now, job.c.free_at > now + _UNREAL)
    return and_(_OPEN, job.c.kind.in_(kinds), job.c.place.in_(("", place)), due)


def waiting(connection: Connection, kinds: Collection[str], now: float, place: str = "") -> bool:
    """Tell whether a job of `kinds` can be taken in `place`; `now` is in seconds since 1970."""
    return connection.execute(select(job.c.id).where(_free(kinds, now, place)).limit(1)).first() is not None


def take(
    connection: Connection, kinds: Collection[str], worker: str, now: datetime, place: str = ""
) -> Job | None:
    """Lease the job of `kinds` that has waited longest, or whose worker is gone; None when there is none.

    That its worker went counts as a failed attempt, so that a job which kills its workers comes to an end.
    """
    free = (
        select(job)
        .where(_free(kinds, now.timestamp(), place))
        .order_by(job.c.free_at, job.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # on PostgreSQL; SQLite has one writer
    )
    row = connection.execute(free).first()
    if row is None:
        return None
    mine = (
        update(job)
        .where(job.c.id == row.id, job.c.epoch == row.epoch)
        .values(
            state=State.RUNNING,
            epoch=row.epoch + 1,
            worker=worker,
            free_at=now.timestamp() + LEASE,
            attempts=row.attempts + (row.state == State.RUNNING),
            started_at=row.started_at or timestamp(now),
        )
        .returning(job)
    )
    taken = connection.execute(mine).first()
    return _job(taken) if taken else None


def _held(number: int, epoch: int) -> ColumnElement[bool]:
    return and_(job.c.id == number, job.c.epoch == epoch, job.c.state == State.RUNNING)


def renew(
    connection: Connection, held: Mapping[int, int], progress: Mapping[int, Progress], now: float
) -> dict[int, str]:
    """Renew the leases `held` (number to epoch) and store progress.

    Return, for those that are still held, who asked to cancel them; an empty string if nobody did.
    """
    left = {}
    for number in sorted(held):  # one lock order everywhere prevents deadlocks
        values: dict[str, Any] = {"free_at": now + LEASE}
        if number in progress:
            values["progress"] = _plain(progress[number])
        row = connection.execute(
            update(job).where(_held(number, held[number])).values(values).returning(job.c.cancelled_by)
        ).first()
        if row:
            left[number] = row.cancelled_by
    return left


def _plain(progress: Progress) -> dict[str, Any]:
    return {"done": progress.done, "total": progress.total, "words": progress.words}


def release(connection: Connection, one: Job, free_at: float, attempts: int, error: str) -> bool:
    """Let a held job wait until `free_at`, in seconds since 1970; False when it was lost."""
    values = {"state": State.WAITING, "worker": "", "free_at": free_at, "attempts": attempts, "error": error}
    return connection.execute(update(job).where(_held(one.id, one.epoch)).values(values)).rowcount == 1


def end(  # noqa: PLR0913  the columns of an end
    connection: Connection,
    one: Job,
    state: State,
    now: datetime,
    *,
    progress: Progress,
    result: Mapping[str, Any] | None = None,
    error: str = "",
) -> bool:
    """End a held job; False when it was lost."""
    values = {
        "state": state,
        "open_as": None,
        "ended_at": timestamp(now),
        "progress": _plain(progress),
        "result": dict(result or {}),
        "error": error,
    }
    return connection.execute(update(job).where(_held(one.id, one.epoch)).values(values)).rowcount == 1


def cancel(connection: Connection, number: int, by: str, now: datetime) -> Job | None:
    """Ask that a job stops; one that waits ends at once. Return it as it is then, None if there is none."""
    mine = (job.c.id == number, _OPEN)
    connection.execute(update(job).where(*mine).values(cancelled_by=by))
    connection.execute(
        update(job)
        .where(*mine, job.c.state == State.WAITING)
        .values(state=State.CANCELLED, open_as=None, ended_at=timestamp(now))
    )
    return found(connection, number)


def note_turn(connection: Connection, kind: str, done: int, error: str, now: datetime) -> None:
    """Add a turn of a periodic job to the history: `done` things, or an error. Only its worker does so."""
    hour = timestamp(now.replace(minute=0, second=0))
    row = connection.execute(
        select(job).where(job.c.kind == kind, job.c.key == hour, job.c.ended_at != "")
    ).first()
    if row is None:
        new = {"kind": kind, "key": hour, "arguments": {}, "requested_at": timestamp(now)}
        new |= {"state": State.DONE, "started_at": timestamp(now), "ended_at": timestamp(now)}
        row = connection.execute(insert(job).values(new).returning(job)).one()
    values = {
        "state": State.FAILED if error else State.DONE,
        "attempts": row.attempts + bool(error),
        "progress": {"done": row.progress.get("done", 0) + done},
        "error": error or row.error,
        "ended_at": timestamp(now),
    }
    connection.execute(update(job).where(job.c.id == row.id).values(values))


def recovered(connection: Connection, one: Job) -> None:
    """Record that a periodic job works again after failures."""
    connection.execute(update(job).where(_held(one.id, one.epoch)).values(attempts=0, error=""))


def too_old(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for jobs that ended long ago."""
    return and_(job.c.ended_at != "", job.c.ended_at <= timestamp(now - KEPT))
