"""Sending an approved issue: who would get it, start it, undo that, deliver it, pause or cancel it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from newsletter.errors import Message, StateError
from newsletter.model import IssueState, Outcome
from newsletter.names import IssueName, read_name
from newsletter.registry import OUTBOX
from newsletter.render.edition import Editions
from newsletter.sending import start as starting
from newsletter.sending.freeze import may_begin, verify
from newsletter.services.approval import EditionReaders, editions
from newsletter.services.scheduler import insist, own
from newsletter.services.status import summary
from newsletter.store import audience, contents, issues
from newsletter.store.db import reading, writing

if TYPE_CHECKING:
    from newsletter.sending.deliver import Run
    from newsletter.services import Workspace
    from newsletter.store.audience import Member
    from newsletter.store.issues import Frozen

UNDO = timedelta(minutes=10)
"""How long a start by a real transport can be undone, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReaders:
    """Readers who joined after the approval: how many were added, and how many need another edition."""

    added: int
    unmatched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An issue that may start by `transport`: how many readers wait, and whether a person must confirm it."""

    frozen: "Frozen"
    transport: str
    waiting: int

    @property
    def needs_confirmation(self) -> bool:
        """Whether messages leave this machine."""
        return self.transport != OUTBOX


def approved(workspace: "Workspace", issue: IssueName, *, read_only: bool = False) -> "Frozen":
    """Return `issue` as it was approved, verified. Raises StateError, ContentError and StoreError.

    With `read_only` the database is neither created nor upgraded.
    """
    database = workspace.readable if read_only else workspace.database
    return verify(database, issue.isoformat(), workspace.sources(issue))


def prepare(workspace: "Workspace", frozen: "Frozen", transport: str) -> Ready:
    """Check everything that could prevent a start by `transport`: issue, transport, DKIM key, database.

    Raises StateError, ConfigError, TransportUnavailable and StoreError.
    """
    if frozen.state is IssueState.SENT:
        raise StateError(
            Message("issue %(name)s was sent already", name=frozen.name),
            Message("For readers who joined since: newsletter send %(name)s --only-new", name=frozen.name),
        )
    may_begin(frozen, transport)
    asyncio.run(workspace.ways(transport, read_name(frozen.name)).check())
    workspace.dkim  # noqa: B018  reading the key fails now, not at the first message
    insist(workspace)
    left = summary(workspace, frozen.name)
    return Ready(frozen=frozen, transport=transport, waiting=left["pending"] + left[Outcome.DEFERRED])


def undo_window(
    state: IssueState, transport: str, wanted: timedelta | None, *, at_once: bool, attended: bool
) -> timedelta:
    """Return how long the start can still be undone: not at all once sending has begun, or if `at_once`.

    By default it is UNDO for a real transport, where somebody is there to undo it (`attended`).
    """
    if state is IssueState.SENDING or at_once:
        return timedelta()
    if wanted is None and transport != OUTBOX and attended:
        return UNDO
    return wanted or timedelta()


def start(workspace: "Workspace", ready: Ready, window: timedelta = timedelta()) -> "Frozen":
    """Start the issue, `window` from now, or continue it. Raises StateError if it changed since `prepare`."""
    with writing(workspace.database) as connection:
        return starting.start(connection, ready.frozen, ready.transport, workspace.now(), window)


def undo(workspace: "Workspace", name: str) -> bool:
    """Undo a start; return False if some was sent already: then the issue is paused instead."""
    return starting.undo(workspace.database, name) is IssueState.APPROVED


@contextmanager
def delivering(
    workspace: "Workspace",
    frozen: "Frozen",
    segment: str | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> "Iterator[Run]":
    """Return this process's run of an issue that has been started, to all or to one segment.

    The database is marked as the one last sent from at the end too, so that a backup made meanwhile is
    recognised as older.
    """
    where = workspace.segment(segment) if segment else None
    yield workspace.run(frozen, where=where, progress=progress)
    own(workspace)


def due(workspace: "Workspace") -> "Sequence[Frozen]":
    """Return the issues being sent that have deliveries due now.

    Raises StoreError when nothing may be sent from this database.
    """
    insist(workspace)
    return starting.under_way(workspace.database, workspace.now())


def add_new_readers(workspace: "Workspace", closing: date) -> NewReaders:
    """Add readers who joined after the approval to the audience of an issue that has been started.

    They get what was approved, with the corrections made since.
    """
    name = closing.isoformat()
    with reading(workspace.database) as connection:
        content = contents.find(connection, name)
    _, added, unmatched = starting.take_in(
        workspace.database,
        Editions(content.current if content else workspace.issue(closing)[0]),
        name,
        workspace.sources(closing),
        render=workspace.renderer.render,
    )
    return NewReaders(added=added, unmatched=unmatched)


def waiting_by_edition(workspace: "Workspace", name: str, segment: str | None = None) -> list[EditionReaders]:
    """Return how many readers would get which edition now, of all or of one segment."""
    where = workspace.segment(segment) if segment else None
    approved_ones = {one.edition: one for one in editions(workspace, name)}
    with reading(workspace.readable) as connection:
        numbers = audience.waiting(connection, name, where)
    return [replace(approved_ones[key], readers=number) for key, number in numbers.items()]


def audience_of(
    workspace: "Workspace", name: str, segment: str | None = None, state: str | None = None
) -> "Iterator[Member]":
    """Yield the readers of an approved issue with edition and outcome; `state` "" selects the pending ones.

    Raises StateError when there is no such issue, ContentError when there is no such segment.
    """
    where = workspace.segment(segment) if segment else None
    with reading(workspace.readable) as connection:
        issues.get(connection, name)
        yield from audience.members(connection, name, where, state=state)


def pause(workspace: "Workspace", issue: IssueName) -> IssueState:
    """Pause the sending of an issue before its next message. Raises StateError when it is not being sent."""
    return _move(workspace, issue, IssueState.PAUSED, [IssueState.SENDING], "paused by hand")


def resume(workspace: "Workspace", issue: IssueName) -> IssueState:
    """Continue a paused issue; keeps the reason of the pause. Raises StateError when it is not paused."""
    return _move(workspace, issue, IssueState.SENDING, [IssueState.PAUSED])


def cancel(workspace: "Workspace", issue: IssueName) -> IssueState:
    """Cancel an issue for good: who has not got it does not get it. Raises StateError when it is too late."""
    stopped = [IssueState.APPROVED, IssueState.SENDING, IssueState.PAUSED]
    return _move(workspace, issue, IssueState.CANCELLED, stopped, "cancelled by hand")


def _move(
    workspace: "Workspace",
    issue: IssueName,
    to: IssueState,
    among: list[IssueState],
    reason: str | None = None,
) -> IssueState:
    name = issue.isoformat()
    why = {} if reason is None else {"reason": reason}
    with writing(workspace.database) as connection:
        now = issues.lock_approved(connection, name).state
        if not issues.change_state(connection, name, to, among=among, **why):
            raise StateError(
                Message("issue %(name)s is %(now)s, so it cannot become %(to)s", name=name, now=now, to=to),
                "See: newsletter status",
            )
    return to
