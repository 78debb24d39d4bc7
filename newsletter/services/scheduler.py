"""What sends by itself in one workspace: the mark beside its database, the weekly hour, and its clock."""

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from newsletter import private
from newsletter.errors import ConfigError, StoreError
from newsletter.i18n import for_editors, translations
from newsletter.sending.clock import ClockWatch, present_doubt
from newsletter.sending.weekly import Week
from newsletter.store import letters, schedule_runs
from newsletter.store.copying import reopen
from newsletter.store.db import open_database, writing
from newsletter.store.schedule_runs import Mark

if TYPE_CHECKING:
    from newsletter.services import Workspace

_CLOCK = (
    "The clock of the sending machine is not believed: %(why)s. Until it is right, nothing leaves by itself."
)
_MARK = "scheduler"  # in var/, beside the database, so that a snapshot put back is noticed


def own(context: "Workspace") -> bool:
    """Count a start of sending here; False when the database is a snapshot put back, or a copy."""
    with writing(context.database) as connection:
        mark = schedule_runs.start(connection, _mark(context), _machine(context))
    if mark:
        _keep(context, mark)
    return mark is not None


def insist(context: "Workspace") -> None:
    """Raise StoreError unless the database is the one that was last sent from here."""
    if not own(context):
        raise StoreError(
            "the database is a snapshot put back, or a copy: what was sent since is not in it",
            "Look at what the relay has sent, and settle it; then: newsletter schedule --adopt",
        )


def week(context: "Workspace", watch: ClockWatch | None = None) -> Week:
    """Return what the weekly hour works with; counts a start."""
    strange = not own(context)
    return Week(
        engine=context.database,
        settings=context.settings,
        sources=context.sources,
        has_items=context.has_items,
        clock=context.now,
        doubt=(watch or clock_watch(context)).doubt,
        strange=strange,
    )


def clock_watch(context: "Workspace") -> ClockWatch:
    """Return what looks at the clock; that it is not believed is told to the editors too."""
    settings = context.settings

    def tell(connection: Connection, words: str) -> None:
        subject = translations(settings.language).gettext("%(title)s: the clock is wrong")
        told = for_editors(_CLOCK, settings.language, why=words)
        letters.put_note(
            connection,
            settings.editors,
            subject % {"title": settings.title},
            f"{told}\n\ntimedatectl\nnewsletter schedule\n",
            context.now(),
        )

    return ClockWatch(context.database, context.now, _place(context), tell)


def clock_doubt(context: "Workspace") -> str:
    """Return why this machine's clock is not believed, or nothing. Raises StoreError."""
    return present_doubt(context.database, _place(context), context.now())


def _place(context: "Workspace") -> str:
    mark = _mark(context)
    return mark.place if mark else ""


def adopt(context: "Workspace") -> None:
    """Let the weekly hour go on with this database, after a backup was put back or it was moved."""
    engine = open_database(context.address, moved=True)
    reopen(engine)
    engine.dispose()
    with writing(context.database) as connection:
        _keep(context, schedule_runs.adopt(connection, _machine(context)))


def _mark(context: "Workspace") -> Mark | None:
    try:
        place, starts = (context.var / _MARK).read_text(encoding="ascii").split()
        return Mark(place, int(starts))
    except FileNotFoundError:
        return None
    except ValueError:
        raise ConfigError(
            "var/scheduler is not as the scheduler left it", "Run: newsletter schedule --adopt"
        ) from None


def _machine(context: "Workspace") -> str:
    """Tell this machine and folder from where a copy of them would be.

    Copied files have another inode. Cloned disks have the same, and the machine its name; containers have no
    machine-id as a rule, and their names change, so theirs do not count (docs/decisions).
    """
    private.own_folder(context.var)
    return f"{_host()}:{context.root}:{context.var.stat().st_ino}"


def _host() -> str:
    try:
        number = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return f"{number}@{socket.gethostname()}" if re.fullmatch("[0-9a-f]{32}", number) else ""


def _keep(context: "Workspace", mark: Mark) -> None:
    private.own_folder(context.var)
    private.write(context.var / _MARK, f"{mark.place} {mark.starts}\n".encode())
