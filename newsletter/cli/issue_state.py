"""The commands `pause`, `resume` and `cancel`."""

from datetime import date

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import closing
from newsletter.errors import StateError
from newsletter.model import IssueState


@click.command()
@closing(required=True)
@pass_session
def pause(session: Session, closing: date) -> int:
    """Pause the sending of issue D before its next message; `resume` continues it.

    \b
    Example:
      newsletter pause 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    return _move(session, closing, IssueState.PAUSED, [IssueState.SENDING], "paused by hand")


@click.command()
@closing(required=True)
@pass_session
def resume(session: Session, closing: date) -> int:
    """Continue the sending of issue D after a pause; then run `send` again.

    \b
    Example:
      newsletter resume 2025-02-14 && newsletter send 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    return _move(session, closing, IssueState.SENDING, [IssueState.PAUSED])  # keeps the reason of the pause


@click.command()
@closing(required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def cancel(session: Session, closing: date, yes: bool) -> int:
    """Cancel the sending of issue D for good; readers who have not got it yet do not get it.

    \b
    Example:
      newsletter cancel 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    if not yes:
        click.confirm(f"Issue {closing} will not be sent to anyone else. Cancel it?", abort=True)
    stopped = [IssueState.APPROVED, IssueState.SENDING, IssueState.PAUSED]
    return _move(session, closing, IssueState.CANCELLED, stopped, "cancelled by hand")


def _move(
    session: Session, closing: date, to: IssueState, among: list[IssueState], reason: str | None = None
) -> int:
    from newsletter.store import issues
    from newsletter.store.db import writing

    name = closing.isoformat()
    why = {} if reason is None else {"reason": reason}
    with writing(session.workspace.database) as connection:
        now = issues.lock_approved(connection, name).state
        if not issues.change_state(connection, name, to, among=among, **why):
            raise StateError(f"issue {name} is {now}, so it cannot become {to}", "See: newsletter status")
    click.echo(f"Issue {name} is {to}.")
    return 0


COMMANDS = {"pause": pause, "resume": resume, "cancel": cancel}
