"""Clocks that are wrong: a lease is only courtesy, the epoch decides."""

import signal

from tests.faults.scene import CONNECTIONS, DEADLINE, Scene, later


def test_a_second_sender_whose_clock_is_ahead_takes_over_and_repeats_nothing(scene: Scene) -> None:
    with scene.sink(), scene.sender() as first:
        scene.accepted(100)
        with scene.sender(now=later(minutes=60)) as second:
            assert second.wait(DEADLINE) in (0, 3), scene.said()
        assert first.wait(DEADLINE) in (0, 3), scene.said()
    scene.account().judge(unknown=CONNECTIONS)


def test_a_clock_set_back_after_a_crash_delays_nobody(scene: Scene) -> None:
    with scene.sink() as sink:
        with scene.sender() as killed:
            sink.kill(killed.pid, "accepted", 100)
            assert killed.wait(DEADLINE) == -signal.SIGKILL
        scene.send(now=later(minutes=-60)).judge(unknown=CONNECTIONS)
