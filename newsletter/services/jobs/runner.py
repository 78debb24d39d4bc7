"""Do the jobs of a workspace: take what is free, renew its leases, and end, retry or release it."""

import logging
import os
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pkgutil import resolve_name
from threading import Event, Thread
from typing import TYPE_CHECKING

from newsletter.errors import Message, NewsletterError, StoreError, TransportUnavailable, log_text
from newsletter.packed import rewritten
from newsletter.redaction import without_addresses
from newsletter.services import exchange
from newsletter.services.jobs.kinds import KINDS, Interrupted, Kind, Make, Request, Run, folder_mark
from newsletter.services.live import LiveWorkspace, settings_and_logo
from newsletter.services.scheduler import clock_watch
from newsletter.store import jobs
from newsletter.store.db import reading, writing
from newsletter.store.jobs import LEASE, LONGEST_WAIT, Job, Progress, State

if TYPE_CHECKING:
    from newsletter.sending.clock import ClockWatch
    from newsletter.services import Workspace

_log = logging.getLogger(__name__)
_POLL = 0.5  # seconds between polls for work; one indexed query each
_RENEWAL = 2.0  # seconds between renewals
_TIDYING = 3600.0  # seconds between looks for files to be deleted
_AT_ONCE = 2  # requested jobs that one worker does side by side
_PATIENCE = 60.0  # seconds at most between turns of a periodic job that fails, and polls of a database
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # also counts while the machine is suspended


class Held:
    """A job that this worker holds, and what its thread and the loop tell each other."""

    def __init__(self, job: Job, stopped: Event) -> None:
        self.job = job
        self.progress = job.progress
        self.cancelled = bool(job.cancelled_by)
        self.lost = False
        self.over = Event()
        self._stopped = stopped
        self._renewed_at = _running()

    def renewed(self, cancelled_by: str | None, at: float) -> None:
        """Take in the answer to a renewal that began `at`: who asked to cancel, None when it was lost."""
        self._renewed_at = at
        self.lost = cancelled_by is None
        self.cancelled = self.cancelled or bool(cancelled_by)
        if self.lost or self.cancelled:
            self.over.set()

    @property
    def must_stop(self) -> bool:
        """Whether to stop now; also after a sleep in which the lease ended, as of a suspended machine."""
        stale = _running() - self._renewed_at > LEASE
        return self.cancelled or self.lost or stale or self._stopped.is_set()

    def report(self, done: int, total: int, words: str) -> None:
        """Keep the progress for the next renewal. Raises Interrupted when the job has to stop."""
        self.progress = Progress(done, total, words)
        if self.must_stop:
            raise Interrupted


class Runner:
    """Does jobs of `kinds` until `work` is told to stop; any number of runners share a database.

    Each job, and each turn of a periodic one, has the settings that newsletter.yaml has at its beginning.
    """

    def __init__(self, workspace: "Workspace", worker: str, kinds: Mapping[str, Kind] = KINDS) -> None:
        self._workspace = workspace
        self._live = LiveWorkspace(workspace, settings_and_logo)
        self._worker = worker
        self._kinds = kinds
        self._held: dict[int, tuple[Held, Thread]] = {}

    @cached_property
    def _watch(self) -> "ClockWatch":
        return clock_watch(self._workspace, self._live.current)

    @cached_property
    def _place(self) -> str:
        return folder_mark(self._workspace)

    def work(self, stopped: Event) -> None:
        """Do jobs until `stopped` is set; then requested ones are released, and periodic ones finish a turn.

        A database that is away is polled with backoff.
        """
        wait, renewal, tidying, ready = _POLL, 0.0, 0.0, False
        try:
            while not stopped.is_set():
                try:
                    if not ready:
                        self._prepare()
                        ready = True
                    if _running() >= tidying:  # here, as the files are this machine's
                        tidying = _running() + _TIDYING
                        exchange.forget_old(self._workspace, self._workspace.now())
                    if self._held and _running() >= renewal:
                        renewal = _running() + _RENEWAL
                        self._renew()
                    while self._take(stopped):
                        pass
                    wait = _POLL
                except Exception as error:  # noqa: BLE001  whatever it is, it must not end the worker
                    wait = min(_PATIENCE, wait * 2)
                    _log.warning("jobs: %s (tried again in %.0f s)", log_text(error), wait)
                stopped.wait(wait)
        finally:
            stopped.set()
            for held, thread in self._held.values():
                held.over.set()
                thread.join()

    def _prepare(self) -> None:
        """Give each periodic kind its row, once for all time; one that needs files, one for each folder."""
        with writing(self._workspace.database) as connection:
            for name, kind in self._kinds.items():
                if kind.period:
                    place = self._place if kind.files else ""
                    jobs.put(connection, name, place, {}, "", self._workspace.now(), place)

    def _wanted(self) -> Collection[str]:
        """Return the kinds of which this worker could take another job."""
        running = [held.job.kind for held, _ in self._held.values()]
        room = sum(not self._kinds[name].period for name in running) < _AT_ONCE
        return [name for name, kind in self._kinds.items() if (name not in running if kind.period else room)]

    def _take(self, stopped: Event) -> bool:
        """Take a job and begin it in a thread; False when there is none."""
        self._held = {number: both for number, both in self._held.items() if both[1].is_alive()}
        if stopped.is_set() or not (wanted := self._wanted()):
            return False
        engine = self._workspace.database
        with reading(engine) as connection:
            if not jobs.waiting(connection, wanted, time.time(), self._place):
                return False
        with writing(engine) as connection:
            job = jobs.take(connection, wanted, self._worker, _now(), self._place)
        if job is None:
            return False
        held = Held(job, stopped)
        thread = Thread(target=self._do, args=(held,), name=f"job-{job.kind}")
        self._held[job.id] = held, thread
        thread.start()
        return True

    def _renew(self) -> None:
        begun, mine = _running(), {number: held for number, (held, _) in self._held.items()}
        changed = {number: held.progress for number, held in mine.items() if held.progress != Progress()}
        with writing(self._workspace.database) as connection:
            epochs = {number: held.job.epoch for number, held in mine.items()}
            left = jobs.renew(connection, epochs, changed, time.time())
        for number, held in mine.items():
            held.renewed(left.get(number), begun)

    def _do(self, held: Held) -> None:
        """Do a job in its thread; whatever happens is recorded, and nothing is raised."""
        kind = self._kinds[held.job.kind]
        try:
            if kind.period:
                self._repeat(held, kind)
            else:
                self._once(held, kind)
        except StoreError as error:  # its lease ends, and somebody takes it again
            _log.warning("%s: %s", kind.title, log_text(error))

    def _once(self, held: Held, kind: Kind) -> None:
        job = held.job
        if held.cancelled:
            self._end(held, State.CANCELLED)
            return
        if job.attempts >= kind.tries:
            self._end(held, State.FAILED, error=job.error or "its worker ended while it did this")
            return
        run: Run = resolve_name(kind.run)
        try:
            request = Request(
                workspace=self._live.current(), arguments=job.arguments, by=job.requested_by, tell=held.report
            )
            result = run(request)
        except Interrupted:
            if held.cancelled:
                self._end(held, State.CANCELLED)
            else:
                self._release(held, time.time(), job.attempts, job.error)
        except Exception as error:  # noqa: BLE001  whatever it is, it is told on the job's page
            self._failed(held, kind, error)
        else:
            self._end(held, State.DONE, result=result)

    def _failed(self, held: Held, kind: Kind, error: Exception) -> None:
        """Try again later what may be temporary; what a person has to mend ends the job."""
        job, words = held.job, error_words(error)
        passing = not isinstance(error, NewsletterError) or isinstance(
            error, StoreError | TransportUnavailable
        )
        if passing and job.attempts + 1 < kind.tries:
            wait = min(LONGEST_WAIT, 2.0 ** (job.attempts + 1))
            _log.warning("%s failed (tried again in %.0f s): %s", kind.title, wait, log_text(error))
            self._release(held, time.time() + wait, job.attempts + 1, words)
        else:
            _log.warning("%s failed: %s", kind.title, log_text(error))
            self._end(held, State.FAILED, error=words)

    def _end(
        self, held: Held, state: State, *, result: Mapping[str, object] | None = None, error: str = ""
    ) -> None:
        with writing(self._workspace.database) as connection:
            jobs.end(connection, held.job, state, _now(), progress=held.progress, result=result, error=error)

    def _release(self, held: Held, free_at: float, attempts: int, error: str) -> None:
        with writing(self._workspace.database) as connection:
            jobs.release(connection, held.job, free_at, attempts, error)

    def _repeat(self, held: Held, kind: Kind) -> None:
        """Do a periodic job turn by turn; when one fails, any worker may take the next, after a while."""
        job, failures = held.job, held.job.attempts
        try:
            make: Make = resolve_name(kind.run)
            workspace = self._live.current()
            turn = make(workspace, self._watch)
            while not held.must_stop:
                self._note(job, turn(), recovered=bool(failures))
                failures = 0
                held.over.wait(kind.period)
                if (now := self._live.current()) is not workspace:
                    workspace, turn = now, make(now, self._watch)
        except Exception as error:  # noqa: BLE001  whatever it is, it must not end the worker
            wait = min(_PATIENCE, _POLL * 2 ** min(failures + 1, 10))
            _log.warning("%s failed (tried again in %.0f s): %s", kind.title, wait, log_text(error))
            with writing(self._workspace.database) as connection:
                jobs.note_turn(connection, job.kind, 0, error_words(error), self._workspace.now())
                jobs.release(connection, job, time.time() + wait, failures + 1, error_words(error))
            return
        self._release(held, 0.0, failures, job.error if failures else "")

    def _note(self, job: Job, done: int, *, recovered: bool) -> None:
        """Record a turn that did something; one that found nothing to do leaves no trace."""
        if not done and not recovered:
            return
        with writing(self._workspace.database) as connection:
            if done:
                jobs.note_turn(connection, job.kind, done, "", self._workspace.now())
            if recovered:
                jobs.recovered(connection, job)


def error_words(error: Exception) -> str:
    """Return an error as stored with a job: our own message without addresses, else its type alone."""
    if not isinstance(error, NewsletterError):
        return type(error).__name__
    what = Message("%(what)s. %(hint)s", what=error.message, hint=error.hint) if error.hint else error.message
    return rewritten(what, without_addresses)


def _now() -> datetime:
    return datetime.now(UTC)


def _running() -> float:
    return time.clock_gettime(_BOOT)


@contextmanager
def doing_requested(workspace: "Workspace") -> Iterator[None]:
    """Do the jobs that are requested, and no periodic ones, during the block: for a desk without a worker."""
    stopped = Event()
    kinds = {name: kind for name, kind in KINDS.items() if not kind.period}
    runner = Runner(workspace, worker_name(), kinds)
    thread = Thread(target=runner.work, args=(stopped,), name="jobs")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def worker_name() -> str:
    """Return the name of this process in the tables: its machine and number."""
    return f"{socket.gethostname()}:{os.getpid()}"
