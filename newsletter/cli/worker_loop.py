"""A worker's loop in this process: waiting for the database, sending, and ending at a signal."""

import logging
import signal
import time
from typing import TYPE_CHECKING

from newsletter.errors import StoreError, log_text

if TYPE_CHECKING:
    from newsletter.services import Workspace

STOPPING = (signal.SIGINT, signal.SIGTERM)
"""The signals at which a worker or the site finishes what is in flight, and ends."""
_PATIENCE = 5.0  # seconds at most between retries of an unavailable database server


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
