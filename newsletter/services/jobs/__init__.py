"""Jobs of a workspace: long work that somebody asks for and any worker does, and all that is periodic.

A job is done once in a fleet, goes on after a crash, and can be cancelled; `kinds` lists what there is.

Not here: the loop that does them (`runner`), SQL (newsletter/store/jobs.py).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from newsletter.errors import ContentError, Message, StateError
from newsletter.services.jobs.kinds import KINDS, folder_mark
from newsletter.store import jobs as stored
from newsletter.store.db import reading, writing
from newsletter.store.jobs import Job, Progress, State

if TYPE_CHECKING:
    from newsletter.services import Workspace

__all__ = ["Job", "Progress", "State", "cancel", "job", "jobs", "start"]


def start(workspace: "Workspace", kind: str, arguments: Mapping[str, Any], by: str, *, key: str = "") -> Job:
    """Request a job, which a worker begins within a second; return it.

    `arguments` are what JSON can hold, and never an address. While a job of the same kind and key is open,
    that one is returned and nothing is requested. `by` is who asks, for the history.
    """
    if KINDS[kind].period:
        raise ValueError(Message("%(kind)s is periodic: nobody starts it", kind=kind))
    place = folder_mark(workspace) if KINDS[kind].files else ""
    with writing(workspace.database) as connection:
        return stored.put(connection, kind, key, arguments, by, workspace.now(), place)


def jobs(workspace: "Workspace", *, kind: str | None = None, limit: int = 100) -> Sequence[Job]:
    """Return jobs: the open ones first, then the ended ones, the newest first. Raises StoreError."""
    with reading(workspace.readable) as connection:
        return stored.listed(connection, kinds=None if kind is None else [kind], limit=limit)


def job(workspace: "Workspace", number: int) -> Job:
    """Return the job with this number. Raises ContentError when there is none."""
    with reading(workspace.readable) as connection:
        return _insist(stored.found(connection, number), number)


def cancel(workspace: "Workspace", number: int, by: str) -> Job:
    """Ask that a job stops; one that has begun stops within seconds, and keeps what it has done.

    Raises ContentError when there is no such job, StateError when it is periodic or has ended.
    """
    before = job(workspace, number)
    if KINDS.get(before.kind) and KINDS[before.kind].period:
        raise StateError(
            Message("job %(number)s (%(kind)s) is periodic", number=number, kind=before.kind),
            "It cannot be cancelled.",
        )
    if not before.open:
        raise StateError(
            Message("job %(number)s has ended: it is %(state)s", number=number, state=before.state),
            "Nothing was changed.",
        )
    with writing(workspace.database) as connection:
        return _insist(stored.cancel(connection, number, by, workspace.now()), number)


def _insist(found: Job | None, number: int) -> Job:
    if found is None:
        raise ContentError(
            Message("there is no job %(number)s", number=number), "See what there is: newsletter jobs"
        )
    return found
