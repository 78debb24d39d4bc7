"""Clocks that are wrong: a lease is only courtesy, the epoch decides."""

import signal

from tests.faults.scene import CONNECTIONS, DEADLINE, D, Scene, later


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
