"""The command `worker`, and the work itself, which `serve` has done by a process of its own."""

import asyncio
import logging
import signal
import time
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.errors import StoreError, told

if TYPE_CHECKING:
    from newsletter.services import Workspace

STOPPING = (signal.SIGINT, signal.SIGTERM)
"""The signals that let a worker or the site finish what is on its way, and end."""
_PATIENCE = 30.0  # seconds at most between tries of a database server that is not there


@click.command()
@pass_session
def worker(session: Session) -> int:
    """Deliver what is being sent, and start the weekly issue, until it is stopped.

    Issues also come here by `newsletter send D --detach`. Run as many workers as you like on one PostgreSQL
    database; they share the work, and go on with what a dead one left. Ctrl-C or SIGTERM lets the
    messages on their way finish.

    \b
    Example:
      newsletter worker
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.cli.log import keep_log
    from newsletter.services.approval import NOBODY_IS_TOLD, nobody_is_told

    keep_log()
    wait_for_database(session.context)
    if nobody_is_told(session.context):
        click.echo(NOBODY_IS_TOLD, err=True)
    work(session.context)
    return 0


def wait_for_database(context: "Workspace") -> None:
    """Open the database; a server that is away is waited for, as after a power cut. Raises StoreError."""
    pause = 1.0
    while True:
        try:
            context.database  # noqa: B018  it is opened when first used
        except StoreError as error:
            if not _is_away(error):
                raise
            logging.getLogger(__name__).warning("%s (tried again in %.0f s)", told(error), pause)
        else:
            return
        time.sleep(pause)
        pause = min(_PATIENCE, pause * 2)


def _is_away(error: StoreError) -> bool:
    """Tell whether a database server did not answer, or did not let us in."""
    from psycopg import OperationalError

    return isinstance(getattr(error.__cause__, "orig", None), OperationalError)


def work(context: "Workspace", leash: int | None = None) -> None:
    """Do a worker's work until a signal, or until the other end of the pipe `leash` is closed.

    Raises StoreError when nothing may be sent from here, ConfigError when a transport is not set up.
    """
    asyncio.run(_work(context, leash))


async def _work(context: "Workspace", leash: int | None) -> None:
    from newsletter.services.periodic import worker as make

    made, loop = make(context), asyncio.get_running_loop()

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
