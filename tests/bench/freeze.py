"""Seconds and memory for the approval of a large audience: everything but the rendering grows with it."""

import argparse
import os
import resource
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime

from newsletter.sending.freeze import Approval, freeze, verify
from newsletter.store.locking import METER
from tests import postgres
from tests.sample import sample
from tests.sending import house

CHOICES = (["*"], ["social", "economy"], ["education"], ["staff", "services", "economy"])
STEP = 20_000


def main() -> None:
    """Subscribe, approve and verify; print a line for each."""
    parser = argparse.ArgumentParser(prog="scripts/bench freeze", description=__doc__)
    parser.add_argument("--readers", type=int, default=200_000)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args()
    with ExitStack() as stack:
        if given.database == "postgres":
            os.environ["NEWSLETTER_DATABASE"] = stack.enter_context(postgres.running(durable=True)).get_uri()
        context = stack.enter_context(sample())
        for number, first in enumerate(range(1, given.readers + 1, STEP)):
            count = min(STEP, given.readers + 1 - first)
            house.people(context.database, count, sections=CHOICES[number % len(CHOICES)], first=first)
        print(f"{given.readers:,} readers; peak so far {_peak()} MB", flush=True)
        start = time.perf_counter()
        proof = context.proof(date(2025, 2, 14))
        print(f"proof: {len(proof.tally)} editions in {time.perf_counter() - start:.1f} s", flush=True)
        METER.reset()
        start = time.perf_counter()
        approval = Approval(by="bench", at=datetime.now(UTC), sources={}, errors=0)
        shared = context.settings.envelope(proof.issue.name)
        frozen = freeze(context.database, proof.editions, proof.pages, shared, approval)
        seconds = time.perf_counter() - start
        print(f"freeze: {seconds:.1f} s, write lock held {METER.longest:.2f} s at most", flush=True)
        start = time.perf_counter()
        verify(context.database, frozen.name, frozen.sources)
        print(f"verify: {time.perf_counter() - start:.1f} s; peak {_peak()} MB")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
