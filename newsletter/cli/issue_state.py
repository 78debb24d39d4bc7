"""The commands `pause`, `resume` and `cancel`."""

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import issue
from newsletter.cli.output import confirm, say
from newsletter.errors import Message
from newsletter.model import IssueState
from newsletter.names import IssueName


@click.command()
@issue(required=True)
@pass_session
def pause(session: Session, issue: IssueName) -> int:
    """Pause the sending of issue D before its next message; `resume` continues it.

    \b
    Example:
      newsletter pause 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.delivery import pause as pause_issue
    from newsletter.services.journal import Act, at_the_terminal, record

    state = pause_issue(session.workspace, issue)
    record(session.workspace, at_the_terminal(), Act.PAUSED, issue=str(issue))
    return _print(issue, state)


@click.command()
@issue(required=True)
@pass_session
def resume(session: Session, issue: IssueName) -> int:
    """Continue the sending of issue D after a pause; then run `send` again.

    \b
    Example:
      newsletter resume 2025-02-14 && newsletter send 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.delivery import resume as resume_issue
    from newsletter.services.journal import Act, at_the_terminal, record

    state = resume_issue(session.workspace, issue)
    record(session.workspace, at_the_terminal(), Act.RESUMED, issue=str(issue))
    return _print(issue, state)


@click.command()
@issue(required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def cancel(session: Session, issue: IssueName, yes: bool) -> int:
    """Cancel the sending of issue D for good; readers who have not got it yet do not get it.

    \b
    Example:
      newsletter cancel 2025-02-14
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.delivery import cancel as cancel_issue
    from newsletter.services.journal import Act, at_the_terminal, record

    if not yes:
        confirm(
            Message("Issue %(issue)s will not be sent to anyone else. Cancel it?", issue=issue), abort=True
        )
    state = cancel_issue(session.workspace, issue)
    record(session.workspace, at_the_terminal(), Act.CANCELLED, issue=str(issue))
    return _print(issue, state)


def _print(issue: IssueName, state: IssueState) -> int:
    say(Message("Issue %(issue)s is %(state)s.", issue=issue, state=state))
    return 0


COMMANDS = {"pause": pause, "resume": resume, "cancel": cancel}
