"""The longest time for which SQLite's write lock is held by work that grows with the number of readers.

Other writers, such as a reader's choice on a page, wait for that long; the aim is a second.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, insert

from newsletter.model import SubscriptionState
from newsletter.render.edition import Editions
from newsletter.sending.freeze import Approval, freeze
from newsletter.sending.start import take_in
from newsletter.services import Workspace
from newsletter.services.periodic import prune, wake
from newsletter.store import issues
from newsletter.store.db import writing
from newsletter.store.locking import METER
from newsletter.store.schema import confirmation_limit, letter, request, subscription
from tests.sample import sample
from tests.sending import house

CLOSING = date(2025, 2, 14)
STEP = 20_000
AIM = 1.0  # seconds
LONG_AGO = "2020-01-01T00:00:00Z"


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block takes, and how long it holds the lock at most."""
    METER.reset()
    start, used = time.perf_counter(), time.process_time()
    yield
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    late = "" if METER.longest <= AIM else "   LONGER THAN THE AIM"
    print(
        f"{what:46}{seconds:6.1f} s ({cpu:.1f} s CPU), lock {METER.longest:.2f} s at most{late}", flush=True
    )


def subscribe(engine: Engine, number: int, first: int) -> None:
    """Subscribe so many readers to everything."""
    for start in range(first, first + number, STEP):
        house.people(engine, min(STEP, first + number - start), first=start)


def approve(made: Workspace) -> None:
    """Approve the sample for all readers, and start it."""
    proof = made.proof(CLOSING)
    approval = Approval(by="bench", at=made.now(), sources={}, errors=0)
    freeze(made.database, proof.editions, proof.pages, made.settings.envelope(proof.issue.name), approval)
    with writing(made.database) as connection:
        issues.begin(connection, proof.issue.name, "smtp", made.now())


def take_in_new(made: Workspace) -> None:
    """Add the readers who joined since."""
    issue, _ = made.issue(CLOSING)
    take_in(made.database, Editions(issue), issue.name, {})


def age(made: Workspace, number: int) -> None:
    """Store requests, letters and confirmation limits that are too old."""
    with writing(made.database) as connection:
        for table, row in (
            (request, {"kind": "signup", "language": "uk", "details": {}, "source": "page"}),
            (letter, {"kind": "confirm", "language": "uk", "created_at": LONG_AGO, "due_at": 0.0}),
        ):
            times = {column.name: LONG_AGO for column in table.c if column.name.endswith("_at")} | row
            connection.execute(
                insert(table),
                [
                    {**times, "email": house.address(one), "email_key": house.address(one)}
                    for one in range(number)
                ],
            )
        connection.execute(
            insert(confirmation_limit),
            [{"digest": one.to_bytes(16, "big"), "letters": 1, "at": LONG_AGO} for one in range(number)],
        )


def pause(made: Workspace) -> None:
    """Give every reader a pause that has ended."""
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    with writing(made.database) as connection:
        connection.execute(
            subscription.update().values(state=SubscriptionState.PAUSED.value, until=yesterday)
        )


def main() -> None:
    """Do the work at the size asked for, and print a line for each."""
    parser = argparse.ArgumentParser(prog="scripts/bench locks", description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    readers = parser.parse_args().readers

    def run(what: str, work: Callable[[], object]) -> None:
        with timed(what):
            work()

    with sample() as made:
        subscribe(made.database, readers, 1)
        run(f"approve {readers:,} readers", lambda: approve(made))
        subscribe(made.database, 100, readers + 1)
        run("take in 100 more", lambda: take_in_new(made))
        age(made, readers)
        run(f"delete {readers:,} each of what is too old", lambda: prune(made))
        pause(made)
        run(f"end {readers:,} pauses", lambda: wake(made))
    with sample() as made:
        subscribe(made.database, 100, 1)
        approve(made)
        subscribe(made.database, readers, 101)
        run(f"take in {readers:,} more than 100", lambda: take_in_new(made))


if __name__ == "__main__":
    main()
