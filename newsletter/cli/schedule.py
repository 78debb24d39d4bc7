"""The command `schedule`: show the next weekly hours, or adopt a restored database."""

from datetime import date
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json, say
from newsletter.errors import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.services import Workspace
    from newsletter.services.schedule import Hour


@click.command()
@closing()
@click.option(
    "--adopt", is_flag=True, help="Go on with this database after it was restored from a backup or moved."
)
@as_json
@pass_session
def schedule(session: Session, closing: date | None, adopt: bool, as_json: bool) -> None:
    """Show the next eight weekly hours, each with its issue and the state of its approval; with D, that of D.

    The hour is schedule.weekly of newsletter.yaml, in its timezone. When clocks jump over it, it is the
    moment of the jump; when it occurs twice, the first time.

    \b
    Examples:
      newsletter schedule
      newsletter schedule 2025-02-14 --json
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.schedule import NO_EDITORS_TO_NOTIFY, held_hours, hours, lacks_editors
    from newsletter.services.scheduler import adopt as adopt_database
    from newsletter.services.scheduler import clock_doubt

    workspace = session.workspace
    if adopt:
        adopt_database(workspace)
        say("The weekly schedule continues with this database.")
        return
    found, doubt = hours(workspace, closing), clock_doubt(workspace)
    if as_json:
        print_json(
            [
                {
                    "issue": hour.issue,
                    "at": hour.moment.isoformat(),
                    "approval": hour.standing.state,
                    "changed": list(hour.standing.changed),
                    "clock": doubt,
                }
                for hour in found
            ]
        )
        return
    _print(workspace, found)
    for held in held_hours(workspace):
        name, why = held.settled.issue, held.settled.outcome
        say(
            Message(
                "Issue %(name)s is held: %(why)s. If approved by %(until)s, it is still sent.",
                name=name,
                why=why,
                until=f"{held.until:%H:%M}",
            ),
            err=True,
        )
    if doubt:
        say(Message("%(doubt)s. Nothing is sent automatically until it is right.", doubt=doubt), err=True)
    if lacks_editors(workspace):
        say(NO_EDITORS_TO_NOTIFY, err=True)


def _print(workspace: "Workspace", hours: "Sequence[Hour]") -> None:
    """Print the weekly hours, each with its issue and the state of its approval."""
    weekly, zone = workspace.settings.schedule.weekly, workspace.settings.timezone
    say(Message("%(weekly)s in %(timezone)s:", weekly=weekly, timezone=zone))
    for hour in hours:
        offset = hour.moment.isoformat(timespec="minutes")[16:]
        say(
            Message(
                "  %(moment)s %(offset)s  issue %(issue)s: %(words)s",
                moment=hour.moment,
                offset=offset,
                issue=hour.issue,
                words=hour.standing.words,
            )
        )


COMMANDS = {"schedule": schedule}
