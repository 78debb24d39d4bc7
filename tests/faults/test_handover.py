"""Kill -9 of the sender while one way takes over from another; scripts/faults does it over and over."""

import random

from tests.faults.handovers import MOMENTS, kill, second_way
from tests.faults.scene import CONNECTIONS, Scene, free_port, later


def test_kill_9_while_a_way_takes_over_loses_nobody_and_writes_to_nobody_twice(sqlite_scene: Scene) -> None:
    dice = random.Random(14)  # noqa: S311  repeatable, not secret
    port, scene = free_port(), sqlite_scene
    scene.change(**second_way(port))  # type: ignore[arg-type]  # there is no window among them
    on_the_wire = [
        kill(scene, port, moment, dice, later(minutes=70 * number))
        for number, moment in enumerate((MOMENTS[0], MOMENTS[4]))
    ]
    with scene.sink(), scene.sink(port=port):
        account = scene.send(now=later(minutes=140))
    assert all(left is not None and left <= 2 * CONNECTIONS for left in on_the_wire)
    account.judge(unknown=sum(left or 0 for left in on_the_wire))
