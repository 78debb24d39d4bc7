"""The command `approve`: freeze an issue as it is rendered now."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json, say
from newsletter.errors import Message
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
        say(
            Message(
                "%(at)s: %(text)s [%(code)s] (ignored: the transport is the outbox)",
                at=problem.at,
                text=problem.text,
                code=problem.code,
            ),
            err=True,
        )
    return _print(workspace, done.frozen, anew=done.anew, as_json=as_json)


def _print(workspace: "Workspace", frozen: "Frozen", *, anew: bool, as_json: bool) -> int:
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
    say(
        Message(
            "Issue %(name)s approved by %(by)s at %(at)s."
            if anew
            else "Issue %(name)s was already approved by %(by)s at %(at)s.",
            name=frozen.name,
            by=frozen.approved_by,
            at=workspace.local(frozen.approved_at),
        )
    )
    for one in found:
        click.echo(f"  {one.readers:>8}  {one.edition}  {', '.join(one.sections)}")
    say(
        Message(
            "Readers: %(readers)s; with nothing this week: %(without)s.",
            readers=frozen.readers,
            without=frozen.without,
        )
    )
    say(Message("Fingerprint: %(fingerprint)s", fingerprint=frozen.fingerprint))
    _say_when(workspace, frozen)
    return 0


def _say_when(workspace: "Workspace", frozen: "Frozen") -> None:
    """Print what the approval means for a weekly hour that has already passed."""
    from newsletter.services.schedule import held_hours, was_held

    if frozen.state is not IssueState.APPROVED:
        return
    if any(one.settled.issue == frozen.name for one in held_hours(workspace)):
        say("It was held at its weekly hour for lack of approval; it is sent automatically now.")
    elif was_held(workspace, frozen.name):
        say(
            Message(
                "Its weekly hour was longer ago than schedule.grace, so it is not sent automatically:"
                " newsletter send %(name)s",
                name=frozen.name,
            )
        )


COMMANDS = {"approve": approve}
