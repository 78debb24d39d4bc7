"""The command `schedule`: show the next weekly hours, or adopt a restored database."""

from datetime import date

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json


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
        click.echo("The weekly schedule continues with this database.")
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
    click.echo(f"{workspace.settings.schedule.weekly} in {workspace.settings.timezone}:")
    for hour in found:
        offset = hour.moment.isoformat(timespec="minutes")[16:]
        click.echo(f"  {hour.moment:%a %Y-%m-%d %H:%M} {offset}  issue {hour.issue}: {hour.standing.words}")
    for held in held_hours(workspace):
        name, why = held.settled.issue, held.settled.outcome
        click.echo(
            f"Issue {name} is held: {why}. If approved by {held.until:%H:%M}, it is still sent.", err=True
        )
    if doubt:
        click.echo(f"{doubt}. Nothing is sent automatically until it is right.", err=True)
    if lacks_editors(workspace):
        click.echo(NO_EDITORS_TO_NOTIFY, err=True)


COMMANDS = {"schedule": schedule}
