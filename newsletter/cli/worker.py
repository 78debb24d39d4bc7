"""The command `worker`."""

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.output import say


@click.command()
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Run so many workers, each in a process of its own; for PostgreSQL and several cores.",
)
@pass_session
def worker(session: Session, processes: int) -> int:
    """Deliver issues and letters, and start the weekly issue, until it is stopped.

    It also sends issues started by `newsletter send D --detach`. Run as many workers as you like on one
    PostgreSQL database; they share the work, and take over from one that died. Ctrl-C or SIGTERM lets
    messages in flight finish.

    \b
    Examples:
      newsletter worker
      newsletter worker --processes 2
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.cli.log import keep_log
    from newsletter.cli.sender_process import send_in
    from newsletter.cli.worker_loop import wait_for_database, work
    from newsletter.services.schedule import NO_EDITORS_TO_NOTIFY, lacks_editors
    from newsletter.services.scheduler import insist

    keep_log()
    wait_for_database(session.workspace)
    if lacks_editors(session.workspace):
        say(NO_EDITORS_TO_NOTIFY, err=True)
    if processes == 1:
        work(session.workspace)
        return 0
    insist(session.workspace)
    return send_in(session.workspace.root, processes)


COMMANDS = {"worker": worker}
