"""Automatic sending of one workspace: the marker file beside its database, the weekly hour, the clock."""

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from newsletter import files, private
from newsletter.errors import ConfigError, StoreError
from newsletter.i18n import for_editors, translations
from newsletter.sending.clock import ClockWatch, present_doubt
from newsletter.sending.lost_commits import settle_lost_commits
from newsletter.sending.weekly import Week
from newsletter.store import letters, schedule_runs
from newsletter.store.copying import reopen
from newsletter.store.db import open_database, writing
from newsletter.store.schedule_runs import Mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from newsletter.services import Workspace

_CLOCK = (
    "The clock of the sending machine seems wrong: %(why)s. Until it is right, nothing is sent automatically."
)
_MARK = "scheduler"  # in var/, beside the database, so that a restored snapshot is noticed


def own(workspace: "Workspace") -> bool:
    """Count a start of sending here; return False when the database is a restored snapshot, or a copy."""
    with writing(workspace.database) as connection:
        mark = schedule_runs.start(connection, _mark(workspace), _machine(workspace))
    if mark:
        _keep(workspace, mark)
    return mark is not None


def insist(workspace: "Workspace") -> None:
    """Raise StoreError unless the database is the one that was last sent from here; settle what it lost."""
    settle_lost_commits(workspace.database, workspace.now())
    if not own(workspace):
        raise StoreError(
            "the database is a restored snapshot, or a copy: what was sent since is not in it",
            "Settle what the relay has sent since (newsletter reconcile); then: newsletter schedule --adopt",
        )


def week(workspace: "Workspace", watch: ClockWatch | None = None) -> Week:
    """Return the parameters of the weekly schedule; counts a start."""
    strange = not own(workspace)
    return Week(
        engine=workspace.database,
        settings=workspace.settings,
        sources=workspace.sources,
        has_items=workspace.has_items,
        clock=workspace.now,
        doubt=(watch or clock_watch(workspace)).doubt,
        strange=strange,
    )


def clock_watch(workspace: "Workspace", current: "Callable[[], Workspace] | None" = None) -> ClockWatch:
    """Return the watch on the machine's clock; it notifies the editors when the clock is in doubt.

    `current` returns the workspace with the settings of that moment.
    """

    def tell(connection: Connection, words: str) -> None:
        settings = (current() if current else workspace).settings
        subject = translations(settings.language).gettext("%(title)s: the clock is wrong")
        text = for_editors(_CLOCK, settings.language, why=words)
        letters.put_note(
            connection,
            settings.editor_addresses,
            subject % {"title": settings.title},
            f"{text}\n\ntimedatectl\nnewsletter schedule\n",
            workspace.now(),
        )

    return ClockWatch(workspace.database, workspace.now, _place(workspace), tell)


def clock_doubt(workspace: "Workspace") -> str:
    """Return why this machine's clock is in doubt, or an empty string. Raises StoreError."""
    return present_doubt(workspace.readable, _place(workspace), workspace.now())


def _place(workspace: "Workspace") -> str:
    mark = _mark(workspace)
    return mark.place if mark else ""


def adopt(workspace: "Workspace") -> None:
    """Let the weekly schedule go on with this database after it was restored from a backup or moved."""
    engine = open_database(workspace.address, moved=True)
    reopen(engine)
    engine.dispose()
    with writing(workspace.database) as connection:
        _keep(workspace, schedule_runs.adopt(connection, _machine(workspace)))


def _mark(workspace: "Workspace") -> Mark | None:
    try:
        place, starts = (workspace.var / _MARK).read_text(encoding="ascii").split()
        return Mark(place, int(starts))
    except FileNotFoundError:
        return None
    except ValueError:
        raise ConfigError("var/scheduler was damaged or edited", "Run: newsletter schedule --adopt") from None


def _machine(workspace: "Workspace") -> str:
    """Return an identifier of this machine and folder, which a copy of them does not share.

    Copied files have another inode. Cloned disks have the same, so the machine-id and host name count too;
    containers usually have no machine-id, and their names change, so theirs do not count (docs/decisions).
    """
    private.own_folder(workspace.var)
    return f"{_host()}:{workspace.root}:{workspace.var.stat().st_ino}"


def _host() -> str:
    try:
        number = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return f"{number}@{socket.gethostname()}" if re.fullmatch("[0-9a-f]{32}", number) else ""


def _keep(workspace: "Workspace", mark: Mark) -> None:
    private.own_folder(workspace.var)
    files.atomic_write(workspace.var / _MARK, f"{mark.place} {mark.starts}\n".encode(), mode=files.OWNER)
