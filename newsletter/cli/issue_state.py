"""The commands `pause`, `resume` and `cancel`."""

from datetime import date

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import closing
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
    from newsletter.services.delivery import pause as pause_issue

    return _print(closing, pause_issue(session.workspace, closing))


@click.command()
@closing(required=True)
@pass_session
def resume(session: Session, closing: date) -> int:
    """Continue the sending of issue D after a pause; then run `send` again.

    \b
    Example:
      newsletter resume 2025-02-14 && newsletter send 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.delivery import resume as resume_issue

    return _print(closing, resume_issue(session.workspace, closing))


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
    from newsletter.services.delivery import cancel as cancel_issue

    if not yes:
        click.confirm(f"Issue {closing} will not be sent to anyone else. Cancel it?", abort=True)
    return _print(closing, cancel_issue(session.workspace, closing))


def _print(closing: date, state: IssueState) -> int:
    click.echo(f"Issue {closing} is {state}.")
    return 0


COMMANDS = {"pause": pause, "resume": resume, "cancel": cancel}
