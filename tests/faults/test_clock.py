"""Clocks that are wrong: a lease is only courtesy, the epoch decides; and no hour is lost to one."""

import signal
from pathlib import Path

import pytest

from newsletter.store.db import open_database
from tests.faults.scene import CONNECTIONS, DEADLINE, FAKETIME, D, Scene, later, wait, workspace
from tests.sending import house


def test_a_second_sender_whose_clock_is_ahead_takes_over_and_repeats_nothing(postgres_scene: Scene) -> None:
    scene = postgres_scene
    with scene.sink(), scene.sender() as first:
        scene.accepted(100)
        with scene.sender(now=later(minutes=60)) as second:
            assert second.wait(DEADLINE) in (0, 3), scene.said()
        assert first.wait(DEADLINE) in (0, 3), scene.said()
    scene.account().judge(unknown=CONNECTIONS)


def test_a_clock_set_back_after_a_crash_delays_and_says_so_and_repeats_nothing(sqlite_scene: Scene) -> None:
    with sqlite_scene.sink() as sink:
        with sqlite_scene.sender() as killed:
            sink.kill(killed.pid, "accepted", 100)
            assert killed.wait(DEADLINE) == -signal.SIGKILL
        assert sqlite_scene.run("send", D, "--yes", now=later(minutes=-60)) == 3
        sqlite_scene.send(now=later()).judge(unknown=CONNECTIONS)


@pytest.mark.skipif(not FAKETIME, reason="libfaketime is not installed (Debian: faketime)")
def test_a_worker_whose_clock_was_three_weeks_ahead_for_a_moment_sends_at_the_hour(tmp_path: Path) -> None:
    workspace(tmp_path, 9, transport="outbox", editors=["desk@news.example.org"])
    scene = Scene(tmp_path, f"sqlite:///{tmp_path}/var/newsletter.db", 9)
    engine = open_database(scene.database)
    house.people(engine, 3)
    engine.dispose()
    clock = tmp_path / "clock"
    clock.write_text("@2025-02-14 13:50:00")
    for words in (("approve", D, "--by", "Олена"), ("send", "--due")):
        assert scene.run(*words, clock=f"@{clock}") == 0, scene.said()
    with scene.sender("worker", clock=f"@{clock}") as worker:
        clock.write_text("@2025-03-07 13:50:00")
        wait(lambda: "clock jumped ahead by 21 days" in scene.said())
        clock.write_text("@2025-02-14 13:58:00")
        wait(lambda: "the clock is trusted again" in scene.said())
        assert list(tmp_path.glob("var/outbox/*.eml")) == []
        clock.write_text("@2025-02-14 14:00:01")
        wait(lambda: len(list(tmp_path.glob("var/outbox/[!.]*.eml"))) == 3)
        worker.terminate()
        assert worker.wait(DEADLINE) == 0, scene.said()
    (note,) = tmp_path.glob("var/outbox/letters/*.eml")
    assert "desk@news.example.org" in note.name
