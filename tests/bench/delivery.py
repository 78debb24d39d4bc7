"""Messages per second of `newsletter worker` beside Postfix's own smtp-source, into the same smtp-sink.

Both run in turn, round after round, because the machine's speed drifts; the ratio of a round is what counts.
Time runs from the first chunk taken to the last one done, and a worker's processor time is all of it spent
between: personalising, the ledger, the wire.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, func, select

from newsletter.model import Outcome
from newsletter.render.edition import Editions
from newsletter.sending.personal import Writer
from newsletter.store import deliveries, issues
from newsletter.store.db import open_database, reading, writing
from newsletter.store.ledger import Due
from newsletter.store.schema import chunk
from newsletter.transport.body import base64_lines
from tests import postgres
from tests.drawn import encoded, noise
from tests.faults.scene import D, Scene, free_port, workspace
from tests.pictured import show_picture
from tests.sample import sample
from tests.sending import house

SESSIONS = 10
STEP = 20_000  # readers subscribed at a time
NOISE = (490, 367)  # pixels of noise in colour that make 120 kB of JPEG
LOOK = 0.05  # seconds between looks at the ledger
TICKS = os.sysconf("SC_CLK_TCK")
DATABASES = ("sqlite", "postgres")


@dataclass(frozen=True)
class Letter:
    """What is sent: the sections whose edition comes nearest to the size asked for, and its bytes."""

    sections: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Figures:
    """One round: messages a second, processor time of all workers in µs a message, and the largest's MB."""

    rate: float
    cost: float
    peak: int


def illustrate(root: Path, pictures: int) -> None:
    """Give so many items that everybody gets a picture of some 120 kB each."""
    items = sorted((root / "issues" / D / "items").glob("*.md"))
    everybody_s = [item.stem for item in items if "\nsection: top\n" in item.read_text(encoding="utf-8")]
    for item in everybody_s[:pictures]:
        name = f"{item}.png"
        show_picture(root, item, encoded(noise(*NOISE), "PNG"), name)


def letter(size: int, pictures: int) -> Letter:
    """Choose sections of the sample issue so that a message has about `size` bytes beside its pictures."""
    closing = date.fromisoformat(D)
    with sample() as context:
        illustrate(context.root, pictures)
        issue, _ = context.issue(closing)
        editions, shared = Editions(issue), context.settings.envelope(issue.name)
        slugs = [block.section.slug for block in issue.blocks if not block.section.always]
        found = []
        for number in range(len(slugs) + 1):
            for sections in combinations(slugs, number):
                edition = editions.of(frozenset(sections), {})
                assert edition
                page = context.renderer.render(issue, edition)
                reader = Due(1, house.address(1), "Читач 1", edition.key, 1)
                content = Writer(page, shared, context.signer).write(reader, house.NOW).content
                own = len(content) - sum(len(base64_lines(image.content)) for image in page.attached)
                found.append((abs(own - size), Letter(sections or ("top",), len(content))))
    return min(found, key=lambda one: one[0])[1]


@contextmanager
def sink(port: int) -> Iterator[None]:
    """Run smtp-sink, which takes everything and keeps nothing."""
    with subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "100"]) as process:
        time.sleep(0.3)
        try:
            yield
        finally:
            process.terminate()


def prepare(
    made: Scene, sections: Sequence[str], given: argparse.Namespace, name: str, window: int = 4
) -> None:
    """Fill a workspace with an approved issue that leaves by transport `name`."""
    readers = given.readers
    made.root.mkdir()
    smtp = {"host": "127.0.0.1", "port": made.port, "security": "none", "connections": SESSIONS}
    smtp["window"] = window
    workspace(made.root, made.port, transport=name, smtp=smtp)
    illustrate(made.root, given.pictures)
    engine = open_database(made.database)
    for first in range(1, readers + 1, STEP):
        house.people(engine, min(STEP, readers + 1 - first), sections=sections, first=first)
    engine.dispose()
    with made.command("approve", D, "--by", "bench") as approval:
        if approval.wait():
            raise SystemExit(made.said())


def measure(made: Scene, readers: int, workers: int, name: str) -> Figures:
    """Let so many workers deliver the issue."""
    engine = open_database(made.database)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        running: list[int] = []

        def wait(done: Callable[[], bool]) -> None:
            while not done():
                if not all(map(_lives, running)):
                    raise SystemExit(made.said())
                time.sleep(LOOK)

        for _ in range(workers):
            running.append(stack.enter_context(made.sender("worker")).pid)
            _wait_until_idle(running[-1])
        before = sum(map(_spent, running))
        with writing(engine) as connection:
            issues.begin(connection, D, name, datetime.now(UTC))
        wait(lambda: _chunks(engine, chunk.c.epoch > 0) > 0)
        start = time.perf_counter()
        wait(lambda: _chunks(engine, chunk.c.done == 0) == 0)
        seconds = time.perf_counter() - start
        spent = sum(map(_spent, running)) - before
        peak = max(map(_peak, running))
        with reading(engine) as connection:
            accepted = deliveries.counts(connection, D)[Outcome.ACCEPTED]
    if accepted != readers:
        raise SystemExit(f"only {accepted} of {readers} were accepted")
    return Figures(readers / seconds, spent / readers * 1e6, peak)


def _chunks(engine: Engine, which: ColumnElement[bool]) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(chunk).where(which)).scalar_one()


def _lives(pid: int) -> bool:
    """Tell whether a process of ours runs: neither gone nor ended (proc(5), field 3)."""
    return _stat(pid)[0] != "Z"


def _wait_until_idle(pid: int) -> None:
    spent = -1.0
    while (now := _spent(pid)) > spent + 0.02 or now < 0.2:  # a program that has begun has used more
        spent = now
        time.sleep(0.7)


def _spent(pid: int) -> float:
    """Return the seconds of processor time that a process has used (proc(5), fields 14 and 15)."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


def _peak(pid: int) -> int:
    """Return the most memory a process has had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def yardstick(readers: int, size: int, port: int) -> float:
    """Return the messages per second of smtp-source with as many sessions and messages of `size` bytes."""
    start = time.perf_counter()
    subprocess.run(
        [
            *("/usr/sbin/smtp-source", "-d", "-s", str(SESSIONS), "-m", str(readers), "-l", str(size)),
            *("-f", "a@example.org", "-t", "b@example.org", f"127.0.0.1:{port}"),
        ],
        check=True,
    )
    return readers / (time.perf_counter() - start)


def rounds(given: argparse.Namespace, database: str, workers: int, one: Letter) -> None:
    """Run the rounds and print a line for each, and the medians."""
    figures: list[Figures] = []
    ratios: list[float] = []
    port, name = free_port(), "outbox" if given.outbox else "smtp"
    print(f"{database}, {workers} worker{'s' * (workers > 1)}:")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(sink(port))
        server = (
            stack.enter_context(postgres.running(durable=True)).get_uri() if database == "postgres" else ""
        )
        for number in range(1, given.rounds + 1):
            root = folder / str(number)
            url = f"sqlite:///{root}/var/newsletter.db"
            if server:
                postgres.execute(server, f"CREATE DATABASE bench{number}")
                url = postgres.named(server, f"bench{number}")
            made = Scene(root, url, port)
            prepare(made, one.sections, given, name)
            found = measure(made, given.readers, workers, name)
            figures.append(found)
            line = f"  round {number}: {found.rate:,.0f} msg/s of {one.size / 1000:.0f} kB,"
            line += f" {found.cost:.0f} µs CPU each, peak {found.peak} MB"
            if not given.outbox:
                theirs = yardstick(given.readers, one.size, port)
                ratios.append(found.rate / theirs)
                line += f"; smtp-source {theirs:,.0f} msg/s; ratio {ratios[-1]:.2f}"
            print(line, flush=True)
    rate, cost = statistics.median(f.rate for f in figures), statistics.median(f.cost for f in figures)
    print(f"median {rate:,.0f} msg/s, {cost:.0f} µs CPU, peak {max(f.peak for f in figures)} MB")
    if ratios:
        print(f"ratio {statistics.median(ratios):.2f}", flush=True)


def main() -> None:
    """Read the options, and run."""
    parser = argparse.ArgumentParser(prog="scripts/bench delivery", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=1, help="processes that send")
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument(
        "--size", type=int, default=40, help="kB of a whole message, as near as editions come"
    )
    parser.add_argument("--pictures", type=int, default=0, help="of 120 kB each that every message carries")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--all", action="store_true", help="both databases, with one worker and with two")
    parser.add_argument("--outbox", action="store_true", help="into files instead, without a yardstick")
    given = parser.parse_args()
    one = letter(given.size * 1000, given.pictures)
    for database in DATABASES if given.all else (given.database,):
        for workers in (1, 2) if given.all else (given.workers,):
            rounds(given, database, workers, one)


if __name__ == "__main__":
    main()
