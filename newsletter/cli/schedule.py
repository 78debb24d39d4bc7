"""The command `schedule`: show the next weekly hours, or adopt a restored database."""

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json
from newsletter.errors import ConfigError, ContentError

if TYPE_CHECKING:
    from newsletter.config import Settings
    from newsletter.model import Period

_SHOWN = 8


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
    from newsletter.sending.calendar import firing_within, firings
    from newsletter.services.approval import NOBODY_IS_TOLD, held_hours, nobody_is_told, standing
    from newsletter.services.scheduler import clock_doubt

    if adopt:
        from newsletter.services.scheduler import adopt as adopt_database

        adopt_database(session.workspace)
        click.echo("The weekly schedule continues with this database.")
        return
    settings = session.workspace.settings
    weekly, zone = settings.schedule, settings.timezone
    if closing:
        one = firing_within(weekly, zone, _week(settings, closing))
        found = [one] if one else []
    else:
        found = firings(weekly, zone, session.workspace.now(), _SHOWN)
    if not found:
        raise ConfigError(
            "newsletter.yaml sets no weekly hour", "Add a line: `schedule: {weekly: friday 16:00, grace: 6h}`"
        )
    workspace = session.workspace
    hours = [(firing.moment.astimezone(ZoneInfo(zone)), settings.closing_day(firing.day)) for firing in found]
    stand = {issue: standing(workspace, issue) for _, issue in hours}
    doubt = clock_doubt(workspace)
    if as_json:
        print_json(
            [
                {"issue": issue, "at": hour.isoformat(), "approval": stand[issue].state}
                | {"changed": list(stand[issue].changed), "clock": doubt}
                for hour, issue in hours
            ]
        )
        return
    click.echo(f"{weekly.weekly} in {zone}:")
    for hour, issue in hours:
        offset = hour.isoformat(timespec="minutes")[16:]
        click.echo(f"  {hour:%a %Y-%m-%d %H:%M} {offset}  issue {issue}: {stand[issue].words}")
    for held in held_hours(workspace):
        until = held.until.astimezone(ZoneInfo(zone))
        name, why = held.settled.issue, held.settled.outcome
        click.echo(f"Issue {name} is held: {why}. If approved by {until:%H:%M}, it is still sent.", err=True)
    if doubt:
        click.echo(f"{doubt}. Nothing is sent automatically until it is right.", err=True)
    if nobody_is_told(workspace):
        click.echo(NOBODY_IS_TOLD, err=True)


def _week(settings: "Settings", closing: date) -> "Period":
    last = settings.closing_day(closing)
    if last != closing:
        raise ContentError(
            f"no issue closes on {closing:%A}, {closing}",
            f"That week closes on {last:%A}, {last} (week.starts in newsletter.yaml).",
        )
    return settings.period(closing)


COMMANDS = {"schedule": schedule}
