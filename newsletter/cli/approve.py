"""The command `approve`: freeze an issue as it is rendered now."""

from dataclasses import asdict
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
    from newsletter.services.journal import Act, at_the_terminal, record

    workspace = session.workspace
    done = approve_issue(workspace, closing, by, again=again)
    if done.anew:
        record(
            workspace, at_the_terminal(by), Act.APPROVED, issue=done.frozen.name, readers=done.frozen.readers
        )
    for problem in done.ignored:
        click.echo(
            f"{problem.at}: {problem.text} [{problem.code}] (ignored: the transport is the outbox)", err=True
        )
    return _print(
        workspace, done.frozen, "approved" if done.anew else "was already approved", as_json=as_json
    )


def _print(workspace: "Workspace", frozen: "Frozen", what: str, *, as_json: bool) -> int:
    from newsletter.services.approval import editions

    found = editions(workspace, frozen.name)
    if as_json:
        print_json(
            {
                "issue": frozen.name,
                "fingerprint": frozen.fingerprint,
                "approved_by": frozen.approved_by,
                "approved_at": frozen.approved_at,
                "readers": frozen.readers,
                "without": frozen.without,
                "editions": [asdict(one) for one in found],
            }
        )
        return 0
    click.echo(f"Issue {frozen.name} {what} by {frozen.approved_by} at {frozen.approved_at}.")
    for one in found:
        click.echo(f"  {one.readers:>8}  {one.edition}  {', '.join(one.sections)}")
    click.echo(f"Readers: {frozen.readers}; with nothing this week: {frozen.without}.")
    click.echo(f"Fingerprint: {frozen.fingerprint}")
    _say_when(workspace, frozen)
    return 0


def _say_when(workspace: "Workspace", frozen: "Frozen") -> None:
    """Print what the approval means for a weekly hour that has already passed."""
    from newsletter.services.schedule import held_hours, was_held

    if frozen.state is not IssueState.APPROVED:
        return
    if any(one.settled.issue == frozen.name for one in held_hours(workspace)):
        click.echo("It was held at its weekly hour for lack of approval; it is sent automatically now.")
    elif was_held(workspace, frozen.name):
        click.echo(
            "Its weekly hour was longer ago than schedule.grace, so it is not sent automatically:"
            f" newsletter send {frozen.name}"
        )


COMMANDS = {"approve": approve}
