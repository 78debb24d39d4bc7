"""Kill a PostgreSQL primary at any moment of a sending, promote its standby, and see how workers go on."""

import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

from tests.cluster import cluster
from tests.faults.account import Account
from tests.faults.scene import CONNECTIONS, D, Scene, approve, free_port, wait, workspace

_READERS, _WORKERS = 3_000, 2
_LATEST = 3.0  # seconds after which somebody promotes the standby
_BOUND = 10.0  # seconds within which workers go on


@dataclass(frozen=True, slots=True)
class Failover:
    """What came of one: seconds from the promotion to the next message, and the account."""

    seconds: float
    account: Account

    @property
    def good(self) -> bool:
        """Whether nobody is lost or written to twice, few are unknown, and the workers went on in time."""
        few = len(self.account.unknown) <= _WORKERS * CONNECTIONS
        return few and not self.account.lost and not self.account.twice and self.seconds <= _BOUND


def fail_over(dice: random.Random) -> Failover:
    """Let two workers send over a primary and a synchronous standby; kill the first, promote the second."""
    with tempfile.TemporaryDirectory() as folder, cluster(synchronous=True) as servers:
        root, port = Path(folder), free_port()
        workspace(root, port)
        scene = Scene(root, servers.url(), port)
        approve(scene, _READERS)
        with scene.sink(pace=0.003), scene.sender("worker"), scene.sender("worker"):
            assert scene.run("send", D, "--yes", "--now", "--detach") == 0, scene.said()
            scene.accepted(dice.randint(100, _READERS // 2))
            servers.primary.kill()
            time.sleep(dice.uniform(0, _LATEST))
            arrived = len(scene.log())
            servers.promote()
            start = time.monotonic()
            wait(lambda: len(scene.log()) > arrived + 2 * CONNECTIONS)  # those on the wire may still arrive
            seconds = time.monotonic() - start
            wait(lambda: "it is sent" in scene.said())
        return Failover(seconds, scene.account())


def fail_over_repeatedly(rounds: int, dice: random.Random) -> bool:
    """Print a line for each failover, and a sum; return whether all went well."""
    done = []
    for number in range(1, rounds + 1):
        done.append(found := fail_over(dice))
        account = found.account
        click.echo(
            f"failover {number}: workers went on {found.seconds:.1f} s after the promotion;"
            f" {len(account.lost)} lost, {len(account.twice)} twice, {len(account.unknown)} unknown"
        )
    return all(one.good for one in done)
