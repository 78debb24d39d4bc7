"""Kill -9 of the sender, at every kind of moment, over both databases; scripts/faults does it 200 times."""

import random

from tests.faults.kills import MOMENTS, kill
from tests.faults.scene import CONNECTIONS, Scene, later


def test_kill_9_at_any_moment_loses_nobody_and_writes_to_nobody_twice(scene: Scene) -> None:
    dice = random.Random(14)  # noqa: S311  repeatable, not secret
    with scene.sink() as sink:
        on_the_wire = [kill(scene, sink, moment, dice) for moment in MOMENTS]
        account = scene.send(now=later())
    assert all(left is not None and left <= CONNECTIONS for left in on_the_wire)
    account.judge(unknown=sum(left or 0 for left in on_the_wire))
