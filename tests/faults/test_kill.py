"""Kill -9 of the sender, at every kind of moment, over both databases; scripts/faults does it 200 times."""

import random
import re
import signal

from tests.faults.kills import MOMENTS, kill
from tests.faults.scene import CONNECTIONS, DEADLINE, WINDOW, D, Scene, later, wait


def test_kill_9_at_any_moment_loses_nobody_and_writes_to_nobody_twice(scene: Scene) -> None:
    dice = random.Random(14)  # noqa: S311  repeatable, not secret
    with scene.sink() as sink:
        on_the_wire = [
            kill(scene, sink, moment, dice, later(minutes=number / 5))
            for number, moment in enumerate(MOMENTS)
        ]
        account = scene.send(now=later(minutes=2))
    assert all(left is not None and left <= CONNECTIONS for left in on_the_wire)
    account.judge(unknown=sum(left or 0 for left in on_the_wire))


def test_a_kill_leaves_unknown_no_more_than_the_windows_of_all_connections(sqlite_scene: Scene) -> None:
    sqlite_scene.change(window=WINDOW)
    dice = random.Random(14)  # noqa: S311  repeatable, not secret
    with sqlite_scene.sink("CHUNKING", pace=0.005) as sink:  # too slow for windows of one message
        on_the_wire = [
            kill(sqlite_scene, sink, moment, dice, later(minutes=number / 5))
            for number, moment in enumerate(MOMENTS[-2:])
        ]
        account = sqlite_scene.send(now=later(minutes=2))
    assert all(left is not None and left <= CONNECTIONS * WINDOW for left in on_the_wire)
    assert max(left or 0 for left in on_the_wire) > CONNECTIONS, "there were windows"
    account.judge(unknown=sum(left or 0 for left in on_the_wire))


def test_a_killed_worker_is_replaced_by_its_peer(postgres_scene: Scene) -> None:
    scene = postgres_scene
    with scene.sink() as sink, scene.sender("worker") as killed, scene.sender("worker"):
        assert scene.run("send", D, "--yes", "--detach") == 0
        sink.kill(killed.pid, "accepted", 150)
        assert killed.wait(DEADLINE) == -signal.SIGKILL
        wait(lambda: scene.account().state == "sent")
    scene.account().judge(unknown=CONNECTIONS)
    said = scene.said()
    taken = re.findall(rf"issue {D}: took over chunk (\d+) from \S+:{killed.pid}, which ended", said)
    assert taken, said
    assert all(
        f"chunk {chunk}, taken over from" in said.partition(f"chunk {chunk} from")[2] for chunk in taken
    )
