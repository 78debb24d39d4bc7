"""Seconds and memory for the approval of a large audience: everything but the rendering grows with it."""

import argparse
import resource
import shutil
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from newsletter.sending.freeze import Approval, envelope, freeze, verify
from newsletter.wiring import open_workspace
from tests.sending import house

ROOT = Path(__file__).parent.parent.parent
CHOICES = (["*"], ["social", "economy"], ["education"], ["staff", "services", "economy"])
STEP = 20_000


def main() -> None:
    """Subscribe, approve and verify; print a line for each."""
    parser = argparse.ArgumentParser(prog="scripts/bench freeze", description=__doc__)
    parser.add_argument("--readers", type=int, default=200_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(ROOT / "newsletter.yaml", root)
        for part in ("issues", "templates"):
            shutil.copytree(ROOT / part, root / part)
        context = open_workspace(root)
        for number, first in enumerate(range(1, given.readers + 1, STEP)):
            count = min(STEP, given.readers + 1 - first)
            house.people(context.database, count, sections=CHOICES[number % len(CHOICES)], first=first)
        print(f"{given.readers:,} readers; peak so far {_peak()} MB", flush=True)
        start = time.perf_counter()
        proof = context.proof(date(2025, 2, 14))
        print(f"proof: {len(proof.tally)} editions in {time.perf_counter() - start:.1f} s", flush=True)
        start = time.perf_counter()
        pages = [(edition, page) for (edition, _), page in zip(proof.tally, proof.rendered, strict=True)]
        approval = Approval(by="bench", at=datetime.now(UTC), sources={}, errors=0)
        shared = envelope(context.settings, proof.issue.name)
        frozen = freeze(context.database, proof.editions, pages, shared, approval)
        print(f"freeze: {time.perf_counter() - start:.1f} s", flush=True)
        start = time.perf_counter()
        verify(context.database, frozen.name, frozen.sources)
        print(f"verify: {time.perf_counter() - start:.1f} s; peak {_peak()} MB")
        context.database.dispose()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
