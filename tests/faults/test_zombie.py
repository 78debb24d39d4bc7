"""A sender that is stopped, replaced, and wakes up again."""

import signal
import time

from tests.faults.scene import CONNECTIONS, DEADLINE, Scene


def test_a_stopped_sender_that_wakes_up_after_another_took_over_sends_nothing_more(scene: Scene) -> None:
    with scene.sink(), scene.sender() as zombie:
        scene.accepted(100)
        zombie.send_signal(signal.SIGSTOP)
        while scene.locked():  # SQLite's lock dies only with its holder; PostgreSQL's after half a minute
            zombie.send_signal(signal.SIGCONT)
            time.sleep(0.01)
            zombie.send_signal(signal.SIGSTOP)
        meanwhile = scene.send()
        meanwhile.judge(unknown=CONNECTIONS)
        zombie.send_signal(signal.SIGCONT)
        assert zombie.wait(DEADLINE) in (0, 3), scene.said()
    account = scene.account()
    late = {reader for reader, _ in account.log[len(meanwhile.log) :]}
    assert late <= meanwhile.unknown, "only what was on the wire already"
    account.judge(unknown=CONNECTIONS)
