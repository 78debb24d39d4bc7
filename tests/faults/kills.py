"""Kill -9 of the sender at chosen moments, over and over; as a program, the long form with its table.

python -m tests.faults.kills [--kills N] [--seed N]
"""

import argparse
import random
import signal
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests import postgres
from tests.faults.scene import CONNECTIONS, DEADLINE, Scene, Sink, approve, free_port, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Moment:
    """When to strike: at an event of tests.faults.sink, or at any time; after a delay from … to, in seconds."""

    words: str
    event: str = ""
    delay: tuple[float, float] = (0, 0)


MOMENTS = (
    Moment("at any time from the program's start", delay=(0.3, 2)),
    Moment("before the answer to MAIL", "MAIL"),
    Moment("before the answer to RCPT", "RCPT"),
    Moment("before the answer to DATA", "DATA"),
    Moment("after the body, before the relay takes it", "."),
    Moment("after the relay took it, before its answer", "accepted"),
    Moment("after the answer, about the next commit", "accepted", (0.0002, 0.01)),
)
_FARTHEST = 120  # the latest event to strike at


def kill(scene: Scene, sink: Sink, moment: Moment, dice: random.Random) -> int | None:
    """Start a sender and kill it at `moment`; return how many messages it left on the wire.

    None when the sender came to its end before.
    """
    with scene.sender() as sender:
        delay = dice.uniform(*moment.delay)
        if moment.event:
            sink.kill(sender.pid, moment.event, dice.randint(1, _FARTHEST), delay)
            sender.wait(DEADLINE)
        else:
            time.sleep(delay)
            sender.kill()
            sender.wait()
    if sender.returncode != -signal.SIGKILL:
        assert sender.returncode in (0, 3), scene.said()
        return None
    return scene.on_the_wire(sender.pid)


@contextmanager
def _scenes(number: int, readers: int) -> "Iterator[Iterator[tuple[str, Scene]]]":
    """Make `number` scenes, over SQLite and PostgreSQL in turn."""
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:

        def scenes() -> "Iterator[tuple[str, Scene]]":
            for n in range(number):
                root = Path(folder) / str(n)
                root.mkdir()
                port = free_port()
                workspace(root, port)
                kind, url = "SQLite", f"sqlite:///{root}/newsletter.db"
                if n % 2:
                    postgres.execute(server.get_uri(), f"CREATE DATABASE scene{n}")
                    kind, url = "PostgreSQL", postgres.named(server.get_uri(), f"scene{n}")
                scene = Scene(root, url, port)
                approve(scene, readers)
                yield kind, scene

        yield scenes()


def main() -> None:
    """Kill so many times, and print where, what was left uncertain, and what the account says."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=main.__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--readers", type=int, default=5_000, help="of each issue")
    given = parser.parse_args()
    dice = random.Random(given.seed)  # noqa: S311  repeatable, not secret
    number = 2 * -(-given.kills // 80)
    left, killed, wire = given.kills, Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    lost = twice = unknown = 0
    with _scenes(number, given.readers) as scenes:
        for n, (kind, scene) in enumerate(scenes):
            share = left // (number - n)
            with scene.sink() as sink:
                done = 0
                while done < share:
                    moment = MOMENTS[done % len(MOMENTS)]
                    remained = kill(scene, sink, moment, dice)
                    if remained is None:
                        break
                    assert remained <= CONNECTIONS
                    done += 1
                    killed[kind, moment.words] += 1
                    wire[kind, moment.words] += remained
                account = scene.send()
            left -= done
            lost += len(account.lost)
            twice += len(account.twice)
            unknown += len(account.unknown)
            arrived = sum(account.arrived[reader] for reader in account.unknown)
            print(
                f"{kind}: {done} kills, {len(account.lost)} lost, {len(account.twice)} twice, "
                f"{len(account.unknown)} unknown ({arrived} of them had arrived)",
                flush=True,
            )
    print(f"\n{'killed':<46}{'kills':>6}{'on the wire':>13}")
    for (kind, words), count in sorted(killed.items()):
        print(f"{kind + ', ' + words:<58}{count:>6}{wire[kind, words]:>13}")
    print(f"{sum(killed.values())} kills: {lost} lost, {twice} twice, {unknown} unknown")


if __name__ == "__main__":
    main()
