"""What sends by itself in one workspace: the mark beside its database, and the note to the editors."""

import asyncio
import logging
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import private
from newsletter.errors import ConfigError, NewsletterError, StoreError
from newsletter.model import masked
from newsletter.sending.freeze import envelope
from newsletter.sending.trial import tell
from newsletter.sending.weekly import Week
from newsletter.store import firings
from newsletter.store.db import writing
from newsletter.store.firings import Mark

if TYPE_CHECKING:
    from newsletter.wiring import Context

_MARK = "scheduler"  # in var/, beside the database, so that a snapshot put back is noticed


def own(context: "Context") -> bool:
    """Count a start of sending here; False when the database is a snapshot put back, or a copy."""
    with writing(context.database) as connection:
        mark = firings.start(connection, _mark(context), _machine(context))
    if mark:
        _keep(context, mark)
    return mark is not None


def insist(context: "Context") -> None:
    """Raise StoreError unless the database is the one that was last sent from here."""
    if not own(context):
        raise StoreError(
            "the database is a snapshot put back, or a copy: what was sent since is not in it",
            "Look at what the relay has sent, and settle it; then: newsletter schedule --adopt",
        )


def week(context: "Context") -> Week:
    """Return what the weekly hour works with; counts a start."""
    return Week(
        engine=context.database,
        settings=context.settings,
        sources=context.sources,
        has_items=lambda closing: any((context.root / "issues" / closing.isoformat()).glob("items/*.md")),
        tell=lambda subject, text: _tell_editors(context, subject, text),
        clock=context.now,
        strange=not own(context),
    )


def adopt(context: "Context") -> None:
    """Let the weekly hour go on with this database, after a backup was put back or it was moved."""
    with writing(context.database) as connection:
        _keep(context, firings.adopt(connection, _machine(context)))


def _mark(context: "Context") -> Mark | None:
    try:
        place, starts = (context.var / _MARK).read_text(encoding="ascii").split()
        return Mark(place, int(starts))
    except FileNotFoundError:
        return None
    except ValueError:
        raise ConfigError(
            "var/scheduler is not as the scheduler left it", "Run: newsletter schedule --adopt"
        ) from None


def _machine(context: "Context") -> str:
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


def _keep(context: "Context", mark: Mark) -> None:
    private.own_folder(context.var)
    private.write(context.var / _MARK, f"{mark.place} {mark.starts}\n".encode())


def _tell_editors(context: "Context", subject: str, text: str) -> None:
    """Write to the editors; that one cannot be reached is logged and ends nothing."""
    settings, now = context.settings, context.now()
    for address in settings.editors:
        try:
            transport = context.transport(settings.transport, now.date())
            asyncio.run(tell(transport, envelope(settings, ""), address, subject, text, now))
        except NewsletterError as error:
            logging.getLogger(__name__).warning("%s was not told: %s", masked(address), error)
