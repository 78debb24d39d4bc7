"""The command `worker`, and its loop, which `serve` runs in a child process."""

import logging
import signal
import time
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.output import say
from newsletter.errors import StoreError, log_text

if TYPE_CHECKING:
    from newsletter.services import Workspace

STOPPING = (signal.SIGINT, signal.SIGTERM)
"""The signals at which a worker or the site finishes what is in flight, and ends."""
_PATIENCE = 5.0  # seconds at most between retries of an unavailable database server


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


def wait_for_database(workspace: "Workspace") -> None:
    """Open the database; wait for a server that is unavailable, as after a power cut. Raises StoreError."""
    pause = 1.0
    while True:
        try:
            workspace.database  # noqa: B018  opened when first accessed
        except StoreError as error:
            if not _is_away(error):
                raise
            logging.getLogger(__name__).warning("%s (tried again in %.0f s)", log_text(error), pause)
        else:
            return
        time.sleep(pause)
        pause = min(_PATIENCE, pause * 2)


def _is_away(error: StoreError) -> bool:
    """Return whether a database server did not answer, or refused the connection."""
    from psycopg import OperationalError

    return isinstance(getattr(error.__cause__, "orig", None), OperationalError)


def work(workspace: "Workspace", leash: int | None = None) -> None:
    """Run a worker until a signal, or until the other end of the pipe `leash` is closed.

    Raises StoreError when nothing may be sent from this database, ConfigError when a transport is not set up.
    """
    import asyncio

    asyncio.run(_work(workspace, leash))


async def _work(workspace: "Workspace", leash: int | None) -> None:
    import asyncio

    from newsletter.services.periodic import worker as make

    made, loop = make(workspace), asyncio.get_running_loop()

    def let_go(leash: int) -> None:
        loop.remove_reader(leash)
        made.stop()

    for number in STOPPING:
        loop.add_signal_handler(number, made.stop)
    if leash is not None:
        loop.add_reader(leash, let_go, leash)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    await made.work()


COMMANDS = {"worker": worker}
