"""Processes that send, each supervised and restarted: beside the pages of `serve`, or several of `worker`."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event, Thread

from newsletter.cli import USAGE
from newsletter.cli.log import keep_log
from newsletter.cli.worker_loop import STOPPING, wait_for_database, work
from newsletter.errors import NewsletterError, log_text
from newsletter.services import open_workspace

_log = logging.getLogger(__name__)
_processes = get_context("spawn")
_PAUSE, _PATIENCE = 1.0, 60.0  # seconds before a process that ended is restarted: at first, at most
_MANNERS = 10  # niceness: under load, visitors come before letters

Start = Callable[[], tuple[SpawnProcess, Connection]]


@contextmanager
def sender(root: Path) -> Iterator[None]:
    """Run one sending process of the workspace `root`, of low priority, during the block."""
    with _supervised(partial(_start, root, _MANNERS), 1):
        yield


def send_in(root: Path, number: int) -> int:
    """Run `number` workers, each in its own process, until a signal; return the exit code.

    One that dies is restarted. One that ends by itself, as it may not send, ends them all.
    """
    stop, failed = Event(), Event()

    def give_up() -> None:
        failed.set()
        stop.set()

    for one in STOPPING:
        signal.signal(one, lambda *_: stop.set())
    with _supervised(partial(_start, root, 0), number, give_up):
        stop.wait()
    return USAGE if failed.is_set() else 0


@contextmanager
def _supervised(start: Start, number: int, give_up: Callable[[], None] | None = None) -> Iterator[None]:
    """Keep so many processes running during the block; at its end messages in flight may finish."""
    told_to_stop, stop = _processes.Pipe(duplex=False)
    threads = [
        Thread(target=_keep, args=(start, told_to_stop, give_up), name="sender") for _ in range(number)
    ]
    resource_tracker.ensure_running()  # started by a thread that blocks signals, it would unblock them
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.close()
        for thread in threads:
            thread.join()


def _keep(start: Start, told_to_stop: Connection, give_up: Callable[[], None] | None) -> None:
    """Supervise a process, restarting it, until the other end of `told_to_stop` is closed.

    With `give_up`, that is called instead of a restart when the process found that it may not send.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # inherited by a child, until it can handle them
    pause = _PAUSE
    while True:
        begun = time.monotonic()
        process, leash = start()
        stopped = told_to_stop in wait([process.sentinel, told_to_stop])
        leash.close()
        process.join()
        if stopped:
            return
        if give_up and process.exitcode == USAGE:
            give_up()
            return
        pause = _PAUSE if time.monotonic() - begun > _PATIENCE else min(_PATIENCE, pause * 2)
        _log.warning("the sending process ended (%s); restarting it in %.0f s", process.exitcode, pause)
        if wait([told_to_stop], pause):
            return


def _start(root: Path, niceness: int) -> tuple[SpawnProcess, Connection]:
    """Start a process that sends until the pipe is closed, by this process or by its death."""
    theirs, ours = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_send, args=(root, theirs, niceness), name="sender")
    process.start()
    theirs.close()
    return process, ours


def _send(root: Path, leash: Connection, niceness: int) -> None:
    """Run a worker in this process; on an error, log it and exit with a code."""
    keep_log()
    os.nice(niceness)
    try:
        workspace = open_workspace(root)
        wait_for_database(workspace)
        work(workspace, leash.fileno())
    except NewsletterError as error:
        _log.error("sending cannot continue: %s", log_text(error))
        sys.exit(USAGE)
