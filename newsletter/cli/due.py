"""`send --due`, which a timer runs every few minutes: settle the weekly hour, and deliver what is due."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from newsletter.cli import FINDINGS, INTERRUPTED, USAGE
from newsletter.cli.send import deliver, report
from newsletter.errors import ConfigError, TransportUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.services import Workspace
    from newsletter.store.schedule_runs import Settled


def deliver_due(workspace: "Workspace") -> int:
    """Settle the weekly hour, send letters, and deliver what is being sent; there may be nothing to do."""
    from newsletter.sending.start import under_way
    from newsletter.sending.weekly import tick
    from newsletter.services.scheduler import clock_doubt, insist, week

    hours = tick(week(workspace))
    codes = [_tell(workspace, hours)]
    if doubt := clock_doubt(workspace):
        click.echo(f"{doubt}\n  Nothing is sent automatically until it is right: timedatectl", err=True)
        codes.append(USAGE)
    codes.append(_send_letters(workspace))
    insist(workspace)
    for frozen in under_way(workspace.database, workspace.now()):
        if not deliver(workspace, frozen, frozen.readers, None):
            return INTERRUPTED
        codes.append(report(workspace, frozen, None, as_json=False))
    return max(codes)


def _tell(workspace: "Workspace", hours: "Sequence[Settled]") -> int:
    """Print the outcomes of the weekly hours; return the exit code, which says whether one was held."""
    from newsletter.services.approval import NOBODY_IS_TOLD, held_hours, nobody_is_told

    open_until = {one.settled.issue: one.until for one in held_hours(workspace)}
    for hour in hours:
        if not hour.held:
            click.echo(f"Issue {hour.issue} at its weekly hour: {hour.outcome}.")
            continue
        cure = f"Then send it by hand: newsletter send {hour.issue}"
        if until := open_until.get(hour.issue):
            local = until.astimezone(ZoneInfo(workspace.settings.timezone))
            cure = (
                f"If approved by {local:%H:%M %Z}, it still starts: newsletter approve {hour.issue} --by NAME"
            )
        click.echo(f"Issue {hour.issue} is held at its weekly hour: {hour.outcome}\n  {cure}", err=True)
        if nobody_is_told(workspace):
            click.echo(NOBODY_IS_TOLD, err=True)
    return FINDINGS if any(hour.held for hour in hours) else 0


def _send_letters(workspace: "Workspace") -> int:
    """Send the queued letters, notes to the editors first; what cannot be sent now stays queued."""
    from newsletter.services.letters import send_letters

    try:
        send_letters(workspace)
    except (ConfigError, TransportUnavailable) as error:
        click.echo(f"Letters cannot be sent now: {error}\n  {error.hint}", err=True)
        return USAGE
    return 0
