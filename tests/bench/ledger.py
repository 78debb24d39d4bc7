"""Measure how many ledger commits a database takes, without a relay, by one worker process and by several.

scripts/bench ledger [--workers 1,2,4] [--group 5] [--seconds 5] [--database sqlite]: a commit renews leases,
clears so many messages, and records the outcomes of the last ones, as a delivery does. Beside it, in the same
minute, a yardstick: as many processes that each update a row of their own and commit, again and again.
PostgreSQL waits for its disk here, unlike in the tests.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from sqlalchemy import Engine, insert, update

from newsletter.model import Outcome, Receipt
from newsletter.store import issues, ledger
from newsletter.store.commits import CommitRequest, commit
from newsletter.store.db import KeptConnection, open_database, writing
from newsletter.store.ledger import Due, Lease, Result
from newsletter.store.schema import rate_limit
from tests import postgres
from tests.sending import house

ACCEPTED = Receipt(outcome=Outcome.ACCEPTED, code=250, detail="2.0.0 Ok: queued as 4X2kq16Yz9")
Step = Callable[[KeptConnection], None]


class Delivery:
    """One worker's deliveries: a chunk after the other, so many messages a commit."""

    def __init__(self, engine: Engine, worker: str, group: int) -> None:
        self._engine, self._worker, self._group = engine, worker, group
        self._lease: Lease | None = None
        self._left: list[Due] = []
        self._wire: list[Due] = []

    def step(self, kept: KeptConnection) -> None:
        """Commit once."""
        now = datetime.now(UTC)
        if self._lease is None:
            self._take(now)
        assert self._lease
        next_up, self._left = self._left[: self._group], self._left[self._group :]
        results = [Result(due.subscriber, due.attempt, ACCEPTED) for due in self._wire]
        waiting = [(due.subscriber, due.attempt, "smtp") for due in next_up]
        with kept.writing() as connection:
            clearance = commit(connection, CommitRequest(self._lease, [], waiting, results), now)
            if not next_up:
                ledger.release(connection, self._lease, None)
        assert clearance
        assert len(clearance.readers) == len(next_up)
        self._wire = next_up
        if not next_up:
            self._lease = None

    def _take(self, now: datetime) -> None:
        with writing(self._engine) as connection:
            self._lease = ledger.acquire(connection, house.NAME, self._worker, now, ())
            if self._lease is None:
                raise SystemExit("too few readers for so many seconds")
            self._left = ledger.due(connection, self._lease)


def bare(worker: str) -> Step:
    """Return the yardstick's step."""
    moved = update(rate_limit).where(rate_limit.c.scope == worker).values(free_at=rate_limit.c.free_at + 1)

    def step(kept: KeptConnection) -> None:
        with kept.writing() as connection:
            connection.execute(moved)

    return step


def work(url: str, what: str, worker: str, group: int, seconds: float) -> None:
    """Say that this process is ready; when told to, commit for so long; say how often, and the CPU time."""
    engine = open_database(url)
    step = bare(worker) if what == "bare" else Delivery(engine, worker, group).step
    kept = KeptConnection(engine)
    step(kept)
    print("ready", flush=True)
    sys.stdin.readline()
    commits, before, end = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        step(kept)
        commits += 1
    print(commits, time.process_time() - before, flush=True)
    os._exit(0)  # nothing to tidy up, and the next round waits


def measure(url: str, what: str, workers: int, given: argparse.Namespace) -> tuple[float, float]:
    """Return commits a second of all workers, and µs of a worker's CPU each."""
    command = [sys.executable, "-m", "tests.bench.ledger", "--group", str(given.group)]
    command += ["--seconds", str(given.seconds), "--work", url, what]
    processes = [
        subprocess.Popen([*command, f"w{one}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for one in range(workers)
    ]
    for process in processes:
        assert process.stdout
        process.stdout.readline()
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0].split() for process in processes]
    commits = sum(int(number) for number, _ in said)
    return commits / given.seconds, sum(float(used) for _, used in said) / commits * 1e6


def prepare(url: str, readers: int, workers: int) -> None:
    """Make an issue that is being sent to so many readers, and a row for each worker of the yardstick."""
    engine = open_database(url)
    for first in range(1, readers + 1, 20_000):
        house.people(engine, min(20_000, readers + 1 - first), first=first)
    house.approve(engine)
    with writing(engine) as connection:
        issues.begin(connection, house.NAME, "smtp", datetime.now(UTC))
        rows = [{"scope": f"w{one}", "free_at": 0.0} for one in range(workers)]
        connection.execute(insert(rate_limit), rows)
    engine.dispose()


def address(stack: ExitStack, database: str) -> str:
    """Return the address of a new database, which waits for its disk."""
    if database == "sqlite":
        return f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/bench.db"
    return stack.enter_context(postgres.running(durable=True)).get_uri()


def main() -> None:
    """Read the options, and run."""
    words = argparse.ArgumentParser(prog="scripts/bench ledger", description=__doc__)
    words.add_argument("--database", choices=("sqlite", "postgres"), default="postgres")
    words.add_argument("--workers", default="1,2,4", help="numbers of workers, by turns")
    words.add_argument("--group", type=int, default=5, help="messages a commit")
    words.add_argument("--seconds", type=float, default=5)
    words.add_argument("--readers", type=int, default=200_000)
    words.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.work:
        url, what, worker = given.work
        work(url, what, worker, given.group, given.seconds)
    counts = [int(number) for number in given.workers.split(",")]
    with ExitStack() as stack:
        url = address(stack, given.database)
        prepare(url, given.readers, max(counts))
        print(f"{given.database}, {given.group} messages a commit:")
        for workers in counts:
            plain, _ = measure(url, "bare", workers, given)
            rate, used = measure(url, "ledger", workers, given)
            print(
                f"  {workers} worker{'s' * (workers > 1)}: {rate:,.0f} commits/s"
                f" = {rate * given.group:,.0f} messages/s, {used:.0f} µs of a worker's CPU each;"
                f" bare {plain:,.0f} commits/s; ratio {rate / plain:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
