"""The journal of the desk: record what people do, and read it back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from newsletter.services.editors import login_name
from newsletter.store import journal
from newsletter.store.db import reading, timestamp, writing
from newsletter.store.journal import Entry, Wanted

if TYPE_CHECKING:
    from newsletter.services import Workspace

TERMINAL = "terminal"
"""Stands in place of a network for what a command did."""


class Act(StrEnum):
    """What the journal records."""

    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    SESSIONS_ENDED = "sessions ended"
    ITEM_ADDED = "item added"
    ITEM_EDITED = "item edited"
    ITEM_MOVED = "item moved"
    ITEM_REMOVED = "item removed"
    ISSUE_EDITED = "issue edited"
    IMPORTED = "imported"
    APPROVED = "approved"
    TEST_SENT = "test sent"
    STARTED = "started"
    UNDONE = "start undone"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"
    RECONCILED = "reconciled"
    READERS_SEEN = "readers seen"
    READER_SEEN = "reader seen"
    READER_CHANGED = "reader changed"
    READER_ERASED = "reader erased"
    READERS_IMPORTED = "readers imported"
    READERS_EXPORTED = "readers exported"
    SETTINGS_CHANGED = "settings changed"
    TOKEN_CREATED = "token created"  # noqa: S105  an act
    TOKEN_REVOKED = "token revoked"  # noqa: S105  likewise
    WEBHOOK = "webhook"


EDITS = (Act.ITEM_ADDED, Act.ITEM_EDITED, Act.ITEM_MOVED, Act.ITEM_REMOVED, Act.ISSUE_EDITED, Act.IMPORTED)
"""The acts that change what an issue says."""
_SAVES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and from which network; without an address it is somebody at the command line."""

    address: str = ""
    name: str
    network: str = TERMINAL


def at_the_terminal(name: str = "") -> Actor:
    """Return who runs a command: the name they gave, or their login name."""
    return Actor(name=name or login_name())


def record(
    workspace: "Workspace",
    actor: Actor,
    act: Act,
    *,
    issue: str = "",
    subject: str = "",
    **details: str | int,
) -> None:
    """Add an entry. `subject` is an item's name or a reader's number; nothing may hold a reader's address.

    Saves of one item by one person one after another are one entry for ten minutes: a browser saves often.
    """
    entry = Entry(
        address=actor.address,
        name=actor.name,
        network=actor.network,
        did=act.value,
        issue=issue,
        subject=subject,
        details=details,
    )
    now = workspace.now()
    with writing(workspace.database) as connection:
        last = journal.last(connection, issue, EDITS) if act in EDITS else None
        if last is None or not _goes_on(last, entry, timestamp(now - _SAVES)):
            journal.add(connection, entry, now)


def _goes_on(last: Entry, entry: Entry, since: str) -> bool:
    """Tell whether `entry` repeats the last change of its issue, made at `since` or later."""
    same = (last.address, last.name, last.did, last.subject) == (
        entry.address,
        entry.name,
        entry.did,
        entry.subject,
    )
    return same and last.details == entry.details and last.at >= since


def last_edit(workspace: "Workspace", issue: str) -> Entry | None:
    """Return who last changed at the desk what an issue says, and when; None if nobody did.

    A file changed by other means has no entry.
    """
    with reading(workspace.readable) as connection:
        return journal.last(connection, issue, EDITS)


def entries(
    workspace: "Workspace", wanted: Wanted, *, before: int | None = None, limit: int = 100
) -> Sequence[Entry]:
    """Return the newest entries that are wanted, or those older than the entry `before`."""
    with reading(workspace.readable) as connection:
        return journal.entries(connection, wanted, before=before, limit=limit)


def people(workspace: "Workspace") -> Sequence[str]:
    """Return the addresses of everybody in the journal."""
    with reading(workspace.readable) as connection:
        return journal.people(connection)


@contextmanager
def every(workspace: "Workspace", wanted: Wanted) -> Iterator[Iterator[Entry]]:
    """Give all entries that are wanted, the newest first, one at a time."""
    with reading(workspace.readable) as connection:
        yield journal.every(connection, wanted)
