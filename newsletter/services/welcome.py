"""Welcome: who confirms a sign-up gets the newest issue's edition for their sections at once."""

from typing import TYPE_CHECKING

from newsletter.model import IssueState, Outcome
from newsletter.names import CorrectionName, read_name
from newsletter.registry import OUTBOX
from newsletter.render.edition import Editions
from newsletter.sending.start import take_in
from newsletter.store import contents, deliveries, issues, welcomes
from newsletter.store.db import reading, timestamp, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.services import Workspace
    from newsletter.store.issues import Frozen


def welcome(workspace: "Workspace") -> int:
    """Add the readers who have just confirmed to the newest issue; return how many will get it.

    The ledger delivers it like every message of that issue: once, and not to those who have it already.
    Nobody gets an issue that started more than thirty days ago, or went to files where mail leaves now. While
    the newest is paused, or its start can still be undone, they wait.
    """
    if workspace.settings.welcome is None:
        return 0
    with reading(workspace.database) as connection:
        waiting = welcomes.waiting(connection)
        newest = _newest(workspace, connection) if waiting else None
        wait = newest is not None and _waits(connection, newest)
        content = contents.find(connection, newest.name) if newest else None
    if not waiting or wait:
        return 0
    added = 0
    if newest and content:
        _, added, _ = take_in(
            workspace.database,
            Editions(content.current),
            newest.name,
            newest.sources,
            where=welcomes.WAITS,
            render=workspace.renderer.render,
        )
    with writing(workspace.database) as connection:
        welcomes.forget(connection, waiting)
    return added


def _newest(workspace: "Workspace", connection: "Connection") -> "Frozen | None":
    """Return the newest issue that was started and not cancelled, if newcomers may get it."""
    earliest = timestamp(workspace.now() - welcomes.RECENT)
    for frozen in issues.find_all(connection):
        letter = isinstance(read_name(frozen.name), CorrectionName)
        if frozen.begun_at and not letter and frozen.state is not IssueState.CANCELLED:
            filed = [one == OUTBOX for one in (frozen.transport, workspace.settings.transport)]
            suits = frozen.begun_at >= earliest and filed[0] is filed[1]
            return frozen if suits else None
    return None


def _waits(connection: "Connection", newest: "Frozen") -> bool:
    """Return whether newcomers have to wait: the sending is paused, or nothing has left yet."""
    counts = deliveries.counts(connection, newest.name)
    left = sum(counts.values()) - counts[Outcome.DEFERRED]
    return newest.state is IssueState.PAUSED or (newest.state is IssueState.SENDING and not left)
