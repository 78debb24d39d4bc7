"""Messages per second to a relay far away: windows of whole transactions beside one message at a time.

Three ways in turn, round after round, each through a proxy that adds the same delay: a window of one by DATA
without PIPELINING, the same with it, and windows by BDAT. Who waits most is slowest, so the ratio says more
than the rates.
"""

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.delivery import Figures, letter, measure, prepare
from tests.faults.scene import Scene, free_port
from tests.slow_line import slow_line


@dataclass(frozen=True)
class Way:
    """A way to send: the window, and what the relay offers."""

    words: str
    window: int
    offers: tuple[str, ...]


WAYS = (
    Way("one at a time, in lock-step", 1, ("LOCKSTEP",)),
    Way("one at a time, by DATA, pipelined", 1, ()),
    Way("windows of 4, by BDAT", 4, ("CHUNKING",)),
)


def once(way: Way, given: argparse.Namespace, sections: tuple[str, ...]) -> Figures:
    """Deliver an issue this way."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder) / "press"
        near, far = free_port(), free_port()
        made = Scene(root, f"sqlite:///{root}/newsletter.db", near)
        prepare(made, sections, given, "smtp", window=way.window)
        relay = Scene(root, made.database, far)
        stack.enter_context(relay.sink(*way.offers, pace=0))
        stack.enter_context(slow_line(near, far, given.delay / 1000))
        return measure(made, given.readers, 1, "smtp")


def main() -> None:
    """Read the options, and run."""
    parser = argparse.ArgumentParser(prog="scripts/bench distance", description=__doc__)
    parser.add_argument("--delay", type=int, default=50, help="ms added to each round trip")
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--size", type=int, default=40, help="kB of a whole message")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    given.pictures = 0
    one = letter(given.size * 1000, 0)
    rates: dict[Way, list[float]] = {way: [] for way in WAYS}
    for number in range(1, given.rounds + 1):
        for way in WAYS:
            found = once(way, given, one.sections)
            rates[way].append(found.rate)
            print(f"round {number}: {way.words:<36} {found.rate:8,.0f} msg/s, {found.cost:.0f} µs CPU each")
    best = statistics.median(rates[WAYS[-1]])
    for way in WAYS[:-1]:
        print(f"{WAYS[-1].words}: {best / statistics.median(rates[way]):.1f} times {way.words}")


if __name__ == "__main__":
    main()
