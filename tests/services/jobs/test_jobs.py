"""Jobs: requested once, done once, seen, retried, cancelled, and taken over from workers that died."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from newsletter.errors import ContentError, StateError
from newsletter.services import Workspace, jobs, open_workspace
from newsletter.services.jobs import Job, State
from newsletter.services.jobs import runner as module
from newsletter.services.jobs.runner import Runner
from newsletter.store import jobs as stored
from newsletter.store.db import reading, writing
from tests.sample import ROOT
from tests.services.jobs.examples import KINDS, marks


@pytest.fixture
def workspace(tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Open a workspace, whose processes use the database of the test."""
    (tmp_path / "newsletter.yaml").write_bytes((ROOT / "newsletter.yaml").read_bytes())
    (tmp_path / "var").mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("NEWSLETTER_DATABASE", engine.url.render_as_string(hide_password=False))
    monkeypatch.setattr("newsletter.services.jobs.KINDS", KINDS)
    opened = open_workspace(tmp_path)
    yield opened
    opened.database.dispose()


def until(reached: Callable[[], object]) -> None:
    """Wait until something is so, but for twenty seconds at most."""
    deadline = time.monotonic() + 20
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert reached()


@contextmanager
def working(workspace: Workspace, *kinds: str) -> Iterator[None]:
    """Let a worker do jobs of these kinds during the block."""
    stopped = threading.Event()
    runner = Runner(workspace, "here:1", {name: KINDS[name] for name in kinds})
    thread = threading.Thread(target=runner.work, args=(stopped,))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def start(workspace: Workspace, kind: str, arguments: Mapping[str, Any] | None = None, key: str = "") -> Job:
    return jobs.start(workspace, kind, arguments or {}, "Олена", key=key)


def ended(workspace: Workspace, job: Job) -> Job:
    """Return a job once it has ended."""
    until(lambda: not jobs.job(workspace, job.id).open)
    return jobs.job(workspace, job.id)


def test_a_job_is_open_once_for_each_key_and_keeps_its_result(workspace: Workspace) -> None:
    first = start(workspace, "count", {"to": 10}, key="2025-02-14")
    assert start(workspace, "count", {"to": 99}, key="2025-02-14").id == first.id
    other = start(workspace, "count", {"to": 4}, key="2025-02-21")
    assert (first.state, other.id > first.id) == (State.WAITING, True)
    with working(workspace, "count"):
        done = ended(workspace, first)
        ended(workspace, other)
    assert (done.state, done.result) == (State.DONE, {"sum": 45, "by": "Олена"})
    assert (done.progress.done, done.progress.total, done.progress.words) == (10, 10, "counted")
    again = start(workspace, "count", {"to": 1}, key="2025-02-14")
    assert [one.id for one in jobs.jobs(workspace)] == [again.id, other.id, first.id]


def test_what_may_pass_is_tried_again_and_what_must_be_mended_is_not(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.01)
    broken, refused = start(workspace, "break"), start(workspace, "refuse")
    with caplog.at_level(logging.INFO), working(workspace, "break", "refuse"):
        broken, refused = ended(workspace, broken), ended(workspace, refused)
    assert (broken.state, broken.attempts, broken.error) == (State.FAILED, 1, "ValueError")
    assert (refused.state, refused.attempts) == (State.FAILED, 0)
    assert refused.error == "the column «Note» says «a***@example.org»\n  Choose another file."
    assert "in break_down" in caplog.text
    assert "Олена" not in caplog.text, "what an error says may be about somebody"


def test_a_job_is_cancelled_before_it_begins_and_while_it_runs(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RENEWAL", 0.1)
    before = jobs.cancel(workspace, start(workspace, "wait").id, "Ірина")
    assert (before.state, before.cancelled_by) == (State.CANCELLED, "Ірина")
    running = start(workspace, "wait")
    with working(workspace, "wait", "tick"):
        until(lambda: marks(workspace, "waits"))
        assert jobs.cancel(workspace, running.id, "Ірина").state == State.RUNNING
        assert ended(workspace, running).state == State.CANCELLED
    with pytest.raises(StateError, match="has ended"):
        jobs.cancel(workspace, running.id, "Ірина")
    periodic = next(one for one in jobs.jobs(workspace) if one.kind == "tick" and one.open)
    with pytest.raises(StateError, match="periodic"):
        jobs.cancel(workspace, periodic.id, "Ірина")
    with pytest.raises(ContentError, match="no job 999"):
        jobs.job(workspace, 999)


def test_a_worker_that_stops_leaves_its_job_to_the_next(workspace: Workspace) -> None:
    job = start(workspace, "wait")
    with working(workspace, "wait"):
        until(lambda: marks(workspace, "waits"))
    left = jobs.job(workspace, job.id)
    assert (left.state, left.attempts, left.worker) == (State.WAITING, 0, "")
    (workspace.var / "go").touch()
    with working(workspace, "wait"):
        assert ended(workspace, job).state == State.DONE


def test_a_periodic_job_has_one_row_of_history_an_hour_and_goes_on_after_a_failure(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T14:20:00+00:00")
    with working(workspace, "stumble"):
        until(lambda: len(marks(workspace, "stumbles")) >= 4)
    standing, history = jobs.jobs(workspace)
    assert (standing.key, standing.state, standing.attempts, standing.error) == ("", "waiting", 0, "")
    assert (history.key, history.ended_at) == ("2025-02-14T14:00:00Z", "2025-02-14T14:20:00Z")
    assert (history.state, history.attempts) == (State.DONE, 1)
    assert history.error == "the database is gone. Bring it back."
    assert history.progress.done == len(marks(workspace, "stumbles")) - 1
    with pytest.raises(ValueError, match="periodic"):
        start(workspace, "stumble")


def test_the_turns_of_a_periodic_job_have_the_settings_of_now(workspace: Workspace) -> None:
    with working(workspace, "name"):
        until(lambda: marks(workspace, "names"))
        file = workspace.root / "newsletter.yaml"
        changed = file.read_text(encoding="utf-8").replace("Асоціація міст України", "Спілка громад")
        file.write_text(changed, encoding="utf-8")
        until(lambda: marks(workspace, "names")[-1] == "Спілка громад")


def test_who_lost_a_job_can_change_nothing_of_it(workspace: Workspace) -> None:
    start(workspace, "count", {"to": 1})
    later = workspace.now()
    with writing(workspace.database) as connection:
        lost = stored.take(connection, ["count"], "a:1", later)
        assert lost
        assert stored.take(connection, ["count"], "b:1", later) is None
        assert stored.renew(connection, {lost.id: lost.epoch}, {}, later.timestamp() - 60) == {lost.id: ""}
        mine = stored.take(connection, ["count"], "b:1", later)
        assert mine
        assert (mine.epoch, mine.attempts) == (lost.epoch + 1, 1)
        assert stored.renew(connection, {lost.id: lost.epoch}, {}, later.timestamp()) == {}
        assert not stored.end(connection, lost, State.DONE, later, progress=lost.progress)
        assert not stored.release(connection, lost, 0.0, 0, "")
        assert stored.end(connection, mine, State.DONE, later, progress=mine.progress)
    with reading(workspace.database) as connection:
        assert stored.found(connection, mine.id) == jobs.job(workspace, mine.id)


def worker_of(workspace: Workspace) -> int:
    """Start a worker as a process of its own; return its number."""
    child = os.fork()
    if child:
        return child
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        own = open_workspace(workspace.root)
        Runner(own, f"machine:{os.getpid()}", {name: KINDS[name] for name in ("wait", "tick")}).work(
            threading.Event()
        )
    finally:
        os._exit(99)


def test_of_three_workers_one_has_each_job_and_another_takes_it_over_when_that_one_is_killed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (stored, module):
        monkeypatch.setattr(name, "LEASE", 2.0)
    monkeypatch.setattr(module, "_RENEWAL", 0.5)
    job = start(workspace, "wait")
    workspace.database.dispose()
    workers = {worker_of(workspace) for _ in range(3)}
    try:
        until(lambda: marks(workspace, "waits") and len(marks(workspace, "ticks")) > 15)
        assert len(set(marks(workspace, "ticks"))) == 1, "one of the three ticks"
        (first,) = map(int, marks(workspace, "waits"))
        ticks = int(marks(workspace, "ticks")[0].split("-")[0])
        for number in {first, ticks}:
            os.kill(number, signal.SIGKILL)
        until(lambda: len(marks(workspace, "waits")) == 2 and len(set(marks(workspace, "ticks"))) == 2)
        (workspace.var / "go").touch()
        assert ended(workspace, job).attempts == 1
        assert int(marks(workspace, "waits")[1]) in workers - {first}
    finally:
        for number in workers:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)


def test_a_job_that_needs_files_is_done_where_they_are(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "count", replace(KINDS["count"], files=True))
    elsewhere = Workspace(tmp_path_factory.mktemp("elsewhere"), workspace.settings)
    here = start(workspace, "count", {"to": 1})
    with working(elsewhere, "count", "tick"):
        until(lambda: len(marks(elsewhere, "ticks")) > 8)
        assert jobs.job(workspace, here.id).state == State.WAITING
        with working(workspace, "count"):
            assert ended(workspace, here).state == State.DONE
    elsewhere.database.dispose()
