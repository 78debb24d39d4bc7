"""The child process of `serve` that sends, so that pages and sending do not wait for each other."""

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Thread

from newsletter.cli import USAGE
from newsletter.cli.log import keep_log
from newsletter.cli.worker import STOPPING, wait_for_database, work
from newsletter.errors import NewsletterError, log_text
from newsletter.services import open_workspace

_log = logging.getLogger(__name__)
_processes = get_context("spawn")
_PAUSE, _PATIENCE = 1.0, 60.0  # seconds before a process that ended is restarted: at first, at most
_MANNERS = 10  # niceness: under load, visitors come before letters


@contextmanager
def sender(root: Path) -> Iterator[None]:
    """Run the sending process of the workspace `root` during the block; at its end messages may finish."""
    told_to_stop, stop = _processes.Pipe(duplex=False)
    thread = Thread(target=_keep, args=(root, told_to_stop), name="sender")
    thread.start()
    try:
        yield
    finally:
        stop.close()
        thread.join()


def _keep(root: Path, told_to_stop: Connection) -> None:
    """Supervise the sending process, restarting it, until the other end of `told_to_stop` is closed."""
    resource_tracker.ensure_running()  # started later it would unblock the signals
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # inherited by a child, until it can handle them
    pause = _PAUSE
    while True:
        begun = time.monotonic()
        process, leash = _start(root)
        stopped = told_to_stop in wait([process.sentinel, told_to_stop])
        leash.close()
        process.join()
        if stopped:
            return
        pause = _PAUSE if time.monotonic() - begun > _PATIENCE else min(_PATIENCE, pause * 2)
        _log.warning("the sending process ended (%s); restarting it in %.0f s", process.exitcode, pause)
        if wait([told_to_stop], pause):
            return


def _start(root: Path) -> tuple[SpawnProcess, Connection]:
    """Start a process that sends until the pipe is closed, by this process or by its death."""
    theirs, ours = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_send, args=(root, theirs), name="sender")
    process.start()
    theirs.close()
    return process, ours


def _send(root: Path, leash: Connection) -> None:
    """Run a worker in this process; on an error, log it and exit with a code."""
    keep_log()
    os.nice(_MANNERS)
    try:
        workspace = open_workspace(root)
        wait_for_database(workspace)
        work(workspace, leash.fileno())
    except NewsletterError as error:
        _log.error("sending cannot continue: %s", log_text(error))
        sys.exit(USAGE)
