"""The command `approve`: freeze an issue as it is rendered now."""

from datetime import date
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json
from newsletter.model import IssueState

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.store.issues import Frozen


@click.command()
@closing(required=True)
@click.option("--by", required=True, metavar="WHO", help="Who approves; stored with the issue.")
@click.option("--again", is_flag=True, help="Approve again although nothing changed, e.g. for new readers.")
@as_json
@pass_session
def approve(session: Session, closing: date, by: str, again: bool, as_json: bool) -> int:
    """Approve issue D: what is sent later is exactly what is rendered now.

    Every edition is rendered and checked. Errors prevent approval, unless the transport is the outbox.
    Changing a file afterwards voids the approval.

    \b
    Example:
      newsletter approve 2025-02-14 --by "Olena"
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.approval import approve as approve_issue

    workspace = session.workspace
    done = approve_issue(workspace, closing, by, again=again)
    for problem in done.ignored:
        click.echo(f"{problem.at}: {problem.text} (ignored: the transport is the outbox)", err=True)
    return _print(
        workspace, done.frozen, "approved" if done.anew else "was already approved", as_json=as_json
    )


def _print(workspace: "Workspace", frozen: "Frozen", what: str, *, as_json: bool) -> int:
    from newsletter.store import audience
    from newsletter.store.db import reading

    with reading(workspace.database) as connection:
        editions = audience.edition_readers(connection, frozen.name)
    if as_json:
        print_json(
            {
                "issue": frozen.name,
                "fingerprint": frozen.fingerprint,
                "approved_by": frozen.approved_by,
                "approved_at": frozen.approved_at,
                "readers": frozen.readers,
                "without": frozen.without,
                "editions": [
                    {"edition": key, "sections": sections, "readers": readers}
                    for key, (sections, readers) in editions.items()
                ],
            }
        )
        return 0
    click.echo(f"Issue {frozen.name} {what} by {frozen.approved_by} at {frozen.approved_at}.")
    for key, (sections, readers) in editions.items():
        click.echo(f"  {readers:>8}  {key}  {', '.join(sections)}")
    click.echo(f"Readers: {frozen.readers}; with nothing this week: {frozen.without}.")
    click.echo(f"Fingerprint: {frozen.fingerprint}")
    _say_when(workspace, frozen)
    return 0


def _say_when(workspace: "Workspace", frozen: "Frozen") -> None:
    """Print what the approval means for a weekly hour that has already passed."""
    from newsletter.services.approval import held_hours
    from newsletter.store import schedule_runs
    from newsletter.store.db import reading

    if frozen.state is not IssueState.APPROVED:
        return
    if any(one.settled.issue == frozen.name for one in held_hours(workspace)):
        click.echo("It was held at its weekly hour for lack of approval; it is sent automatically now.")
        return
    with reading(workspace.database) as connection:
        if schedule_runs.held(connection, frozen.name):
            click.echo(
                "Its weekly hour was longer ago than schedule.grace, so it is not sent automatically:"
                f" newsletter send {frozen.name}"
            )


COMMANDS = {"approve": approve}
