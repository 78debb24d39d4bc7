"""Numbered commits, by which a process finds out that a PostgreSQL server has lost the last of them.

A standby that replaces its primary lacks the primary's last commits, unless it is synchronous. Each ledger
commit therefore writes its number into a row of its process, and the process remembers what the newest of
them were. Whatever another process has written since, a number that is lower than the last one confirmed
means that those between were lost; as a log is replayed in order, nothing older was.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Insert, Pool, bindparam, delete, select
from sqlalchemy.dialects import postgresql

from newsletter.model import Outcome, Receipt
from newsletter.store.ledger import Attempt, Result
from newsletter.store.schema import commit_mark

_MOST = 20_000
"""Deliveries remembered: 7 MB, of five seconds at the highest rates, of a minute at those of most relays."""
_FRESH, _OLD = 3_600.0, 86_400.0
"""Seconds for which a process checks its last commit, and after which its mark is deleted."""
_UNSURE = Receipt(outcome=Outcome.UNKNOWN, detail="being sent when the database server lost its last commits")


@dataclass(frozen=True, slots=True)
class Lost:
    """The commits that a server has lost: how many, and what they held, by issue.

    `results` are outcomes, `unknown` for a message of which only the beginning was committed. Not `complete`
    when more was lost than is remembered.
    """

    commits: int
    results: dict[str, list[Result]]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Commit:
    number: int
    issue: str
    cleared: Sequence[Attempt]
    results: Sequence[Result]

    @property
    def size(self) -> int:
        return len(self.cleared) + len(self.results)


class CommitLog:
    """The newest confirmed commits of this process to one database."""

    def __init__(self) -> None:
        self.worker = token_hex(8)
        self._number, self._at = 0, 0.0
        self._newest: deque[_Commit] = deque()
        self._size = 0

    def mark(self, now: float) -> dict[str, Any]:
        """Return the parameters of `marked` for the next commit, at `now` (seconds since 1970)."""
        self._number, self._at = self._number + 1, now
        return {"_worker": self.worker, "_number": self._number, "_marked_at": now}

    def confirm(self, issue: str, cleared: Sequence[Attempt], results: Sequence[Result]) -> None:
        """Remember what the last commit held, which the server has confirmed."""
        commit = _Commit(self._number, issue, cleared, results)
        self._newest.append(commit)
        self._size += commit.size
        while self._size > _MOST and len(self._newest) > 1:
            self._size -= self._newest.popleft().size

    def lost(self, connection: Connection, now: float) -> Lost | None:
        """Return the confirmed commits that the database does not have; None when it has them all."""
        if not self._newest or now - self._at > _FRESH:
            return None
        mine = select(commit_mark.c.number).where(commit_mark.c.worker == self.worker)
        kept = connection.execute(mine).scalar() or 0
        last = self._newest[-1].number
        if kept >= last:
            return None
        results: dict[str, dict[int, Result]] = {}
        for commit in self._newest:
            if commit.number > kept:
                of_issue = results.setdefault(commit.issue, {})
                of_issue |= {one[0]: Result(one[0], one[1], _UNSURE, one[2]) for one in commit.cleared}
                of_issue |= {result.subscriber: result for result in commit.results}
        complete = self._newest[0].number <= kept + 1
        return Lost(last - kept, {issue: [*of.values()] for issue, of in results.items()}, complete)

    def forget(self) -> None:
        """Forget all commits, once what was lost is settled."""
        self._newest.clear()
        self._size = 0


_LOGS: WeakKeyDictionary[Pool, CommitLog] = WeakKeyDictionary()


def log_of(engine: Engine) -> CommitLog:
    """Return this process's log of its commits to the database of `engine`."""
    return _LOGS.setdefault(engine.pool, CommitLog())


def marked() -> Insert:
    """Return the statement, for PostgreSQL, that numbers a commit."""
    values: dict[Any, Any] = {
        commit_mark.c.worker: bindparam("_worker"),
        commit_mark.c.number: bindparam("_number"),
        commit_mark.c.at: bindparam("_marked_at"),
    }
    statement = postgresql.insert(commit_mark).values(values)
    fresh = {name: statement.excluded[name] for name in ("number", "at")}
    return statement.on_conflict_do_update(index_elements=[commit_mark.c.worker], set_=fresh)


def prune(connection: Connection, now: float) -> int:
    """Delete the marks of processes that have ended long before `now`; return how many."""
    return connection.execute(delete(commit_mark).where(commit_mark.c.at < now - _OLD)).rowcount
