"""A sender that is stopped, replaced, and wakes up again."""

import signal
import time

from tests.faults.scene import CONNECTIONS, DEADLINE, Scene, wait


def test_a_stopped_sender_that_wakes_up_when_another_has_its_chunk_sends_nothing_more(scene: Scene) -> None:
    with scene.sink(), scene.sender() as zombie:
        scene.accepted(100)
        zombie.send_signal(signal.SIGSTOP)
        while scene.locked():  # SQLite's lock dies only with its holder; PostgreSQL's after half a minute
            zombie.send_signal(signal.SIGCONT)
            time.sleep(0.01)
            zombie.send_signal(signal.SIGSTOP)
        with scene.sender() as other:
            wait(lambda: not scene.holds(zombie.pid))
            zombie.send_signal(signal.SIGCONT)
            assert other.wait(DEADLINE) in (0, 3), scene.said()
        assert zombie.wait(DEADLINE) in (0, 3), scene.said()
    scene.account().judge(unknown=CONNECTIONS)
