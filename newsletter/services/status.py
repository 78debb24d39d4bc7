"""The state of every issue of a workspace, and the progress of sending one."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsletter.compose.issuefile import closings, path_of
from newsletter.model import IssueState, Outcome
from newsletter.names import read_name
from newsletter.services.approval import standing
from newsletter.services.scheduler import clock_doubt
from newsletter.store import deliveries, issues, ways
from newsletter.store.db import reading, timestamp
from newsletter.store.ledger import LEASE
from newsletter.transport import describe

if TYPE_CHECKING:
    from newsletter.services import Workspace

_WRITTEN, _COMPOSED, _VOID = "not composed", "composed", "approval void"
_FAILED = (Outcome.REFUSED, Outcome.BOUNCED, Outcome.COMPLAINED)
_STOPPED = (IssueState.PAUSED, IssueState.CANCELLED)
_LATELY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One issue: an IssueState, or its state before approval, and how many readers have each outcome."""

    issue: str
    state: str
    readers: int = 0
    accepted: int = 0
    pending: int = 0
    failed: int = 0
    unknown: int = 0
    approved_by: str = ""
    approved_at: str = ""
    begun_at: str = ""


def overview(workspace: "Workspace") -> list[Line]:
    """Return a line for each issue in files or in the database, newest first."""
    with reading(workspace.readable) as connection:
        frozen = {one.name: one for one in issues.find_all(connection)}
        counts = deliveries.counts_by_issue(connection)
    composed = {day.isoformat(): day for day in closings(workspace.root)}
    return [
        _frozen(workspace, frozen[name], counts.get(name, {}))
        if name in frozen
        else Line(issue=name, state=_unfrozen(workspace, composed[name]))
        for name in sorted(frozen.keys() | composed.keys(), reverse=True)
    ]


def _unfrozen(workspace: "Workspace", closing: date) -> str:
    return _COMPOSED if (workspace.root / path_of(closing)).is_file() else _WRITTEN


def _frozen(workspace: "Workspace", frozen: issues.Frozen, counts: dict[Outcome, int]) -> Line:
    state: str = frozen.state
    if frozen.state is IssueState.APPROVED and frozen.changed_since(
        workspace.sources(read_name(frozen.name))
    ):
        state = _VOID
    return Line(
        issue=frozen.name,
        state=state,
        readers=frozen.readers,
        accepted=counts.get(Outcome.ACCEPTED, 0),
        pending=frozen.readers - sum(counts.values()) + counts.get(Outcome.DEFERRED, 0),
        failed=sum(counts.get(outcome, 0) for outcome in _FAILED),
        unknown=counts.get(Outcome.UNKNOWN, 0),
        approved_by=frozen.approved_by,
        approved_at=frozen.approved_at,
        begun_at=frozen.begun_at,
    )


def summary(workspace: "Workspace", name: str) -> dict[str, Any]:
    """Return the state of issue `name`, its deliveries by outcome, and when it continues by itself.

    `undo_until` is when its first message leaves, as long as the start can be undone; `at_risk` is how many
    messages at most would be unknown if all its `workers` crashed now.
    """
    stands = standing(workspace, read_name(name))
    with reading(workspace.readable) as connection:
        frozen = issues.get(connection, name)
        counts = deliveries.counts(connection, name)
        by_way = deliveries.counts_by_way(connection, name)
        failed = ways.outs(connection)
        due = min(deliveries.open_chunks(connection, name).values(), default=0.0)
        lately = deliveries.since(connection, name, workspace.now() - _LATELY)
        workers = deliveries.workers(connection, name, workspace.now().timestamp())
    pending = frozen.readers - sum(counts.values())
    rate = lately / _LATELY.total_seconds()
    starts = due if frozen.state is IssueState.SENDING and not any(counts.values()) else 0.0
    waits = due > workspace.now().timestamp() + LEASE and frozen.state is IssueState.SENDING
    return {
        "issue": frozen.name,
        "state": frozen.state,
        "reason": frozen.reason if frozen.state in _STOPPED else "",
        "transport": frozen.transport,
        "ways": [
            {"way": way, **{outcome.value: count for outcome, count in found.items()}}
            for way, found in by_way.items()
            if way
        ],
        "failed_ways": [
            {"way": way, "until": _moment(out.until), "reason": out.reason}
            for way, out in failed.items()
            if way in _names(workspace, frozen.transport)
        ],
        "fingerprint": frozen.fingerprint,
        "readers": frozen.readers,
        "without": frozen.without,
        "due": _moment(due) if waits else None,
        "undo_until": _moment(starts) if starts > workspace.now().timestamp() else None,
        "rate": round(rate, 1),
        "seconds_left": round(pending / rate) if rate and frozen.state is IssueState.SENDING else None,
        "workers": workers,
        "at_risk": workers * _at_risk(workspace, frozen.transport) if workers else 0,
        "pending": pending,
        "approval": stands.state,
        "changed": list(stands.changed),
        "clock": clock_doubt(workspace),
        **{outcome.value: count for outcome, count in counts.items()},
    }


def _moment(seconds: float) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))


def _names(workspace: "Workspace", transport: str) -> tuple[str, ...]:
    return workspace.settings.all_ways(transport) if transport else ()


def _at_risk(workspace: "Workspace", transport: str) -> int:
    settings, total = workspace.settings, 0
    for name in _names(workspace, transport):
        kind, own = settings.way(name)
        total += describe(kind).at_risk(own)
    return total
