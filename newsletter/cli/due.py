"""`send --due`, which a timer runs every few minutes: settle the weekly hour, and deliver what is due."""

from typing import TYPE_CHECKING

import click

from newsletter.cli import FINDINGS, INTERRUPTED, USAGE
from newsletter.cli.send import deliver, report
from newsletter.errors import ConfigError, TransportUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.services import Workspace
    from newsletter.services.schedule import SettledHour


def deliver_due(workspace: "Workspace") -> int:
    """Settle the weekly hour, send letters, and deliver what is being sent; there may be nothing to do."""
    from newsletter.sending.start import under_way
    from newsletter.services.schedule import settle_due
    from newsletter.services.scheduler import clock_doubt, insist

    codes = [_print_hours(workspace, settle_due(workspace))]
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


def _print_hours(workspace: "Workspace", hours: "Sequence[SettledHour]") -> int:
    """Print the outcomes of the weekly hours; return the exit code, which says whether one was held."""
    from newsletter.services.schedule import NO_EDITORS_TO_NOTIFY, lacks_editors

    for hour in hours:
        issue, outcome = hour.settled.issue, hour.settled.outcome
        if not hour.settled.held:
            click.echo(f"Issue {issue} at its weekly hour: {outcome}.")
            continue
        cure = f"Then send it by hand: newsletter send {issue}"
        if hour.until:
            cure = (
                f"If approved by {hour.until:%H:%M %Z}, it still starts: newsletter approve {issue} --by NAME"
            )
        click.echo(f"Issue {issue} is held at its weekly hour: {outcome}\n  {cure}", err=True)
        if lacks_editors(workspace):
            click.echo(NO_EDITORS_TO_NOTIFY, err=True)
    return FINDINGS if any(hour.settled.held for hour in hours) else 0


def _send_letters(workspace: "Workspace") -> int:
    """Send the queued letters, notes to the editors first; what cannot be sent now stays queued."""
    from newsletter.services.letters import send_letters

    try:
        send_letters(workspace)
    except (ConfigError, TransportUnavailable) as error:
        click.echo(f"Letters cannot be sent now: {error}\n  {error.hint}", err=True)
        return USAGE
    return 0
