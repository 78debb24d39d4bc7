"""Messages per second of our whole path beside Postfix's own smtp-source, into the same smtp-sink.

Both run in turn, round after round, because the machine's speed drifts; the ratio of a round is what counts.
"""

import argparse
import asyncio
import resource
import statistics
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from newsletter.model import Outcome
from newsletter.ports import Transport
from newsletter.sending.freeze import Approval, envelope, freeze
from newsletter.sending.personal import Writer
from newsletter.store import deliveries, issues
from newsletter.store.db import reading, writing
from newsletter.store.ledger import Due
from newsletter.transport.outbox import Outbox
from newsletter.transport.smtp import Smtp
from tests.sample import sample
from tests.sending import house

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSING = date(2025, 2, 14)
PORT = 2525
SESSIONS = 10


@contextmanager
def sink() -> "Iterator[None]":
    """Run smtp-sink, which takes everything and keeps nothing."""
    with subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{PORT}", "100"]) as process:
        time.sleep(0.3)
        try:
            yield
        finally:
            process.terminate()


def ours(readers: int, name: str) -> tuple[float, float, int]:
    """Deliver the real digest; return messages per second, CPU µs a message, and a message's bytes."""
    with sample() as context:
        house.people(context.database, readers)
        proof = context.proof(CLOSING)
        shown = [edition for edition, _ in proof.tally]
        pages = list(zip(shown, proof.rendered, strict=True))
        approval = Approval(by="bench", at=datetime.now(UTC), sources={}, errors=0)
        frozen = freeze(
            context.database, proof.editions, pages, envelope(context.settings, proof.issue.name), approval
        )
        transport: Transport = Smtp(host="127.0.0.1", port=PORT, security="none", connections=SESSIONS)
        if name == "outbox":
            transport = Outbox(context.var / "outbox", frozen.name)
        asyncio.run(transport.check())
        with writing(context.database) as connection:
            frozen = issues.begin(connection, frozen.name, transport.name, datetime.now(UTC))
        run = context.run(frozen, transport)
        cpu, start = time.process_time(), time.perf_counter()
        asyncio.run(run.deliver())
        seconds, spent = time.perf_counter() - start, time.process_time() - cpu
        with reading(context.database) as connection:
            accepted = deliveries.counts(connection, frozen.name)[Outcome.ACCEPTED]
        if accepted != readers:
            raise SystemExit(f"only {accepted} of {readers} were accepted")
        writer = Writer(proof.rendered[0], frozen.envelope, context.signer)
        size = len(writer.write(Due(1, house.address(1), "Читач", "", 1), house.NOW).content)
        return readers / seconds, spent / readers * 1e6, size


def yardstick(readers: int, size: int) -> float:
    """Return the messages per second of smtp-source with as many sessions and messages of `size` bytes."""
    start = time.perf_counter()
    subprocess.run(
        [
            *("/usr/sbin/smtp-source", "-d", "-s", str(SESSIONS), "-m", str(readers), "-l", str(size)),
            *("-f", "a@example.org", "-t", "b@example.org", f"127.0.0.1:{PORT}"),
        ],
        check=True,
    )
    return readers / (time.perf_counter() - start)


def main() -> None:
    """Run the rounds and print a line for each, and the medians."""
    parser = argparse.ArgumentParser(prog="scripts/bench delivery", description=__doc__)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--outbox", action="store_true", help="into files instead, without a yardstick")
    given = parser.parse_args()
    rates, costs, ratios = [], [], []
    with sink():
        for number in range(1, given.rounds + 1):
            rate, cost, size = ours(given.readers, "outbox" if given.outbox else "smtp")
            rates.append(rate)
            costs.append(cost)
            line = f"round {number}: {rate:,.0f} msg/s of {size / 1000:.0f} kB, {cost:.0f} µs CPU each"
            if not given.outbox:
                theirs = yardstick(given.readers, size)
                ratios.append(rate / theirs)
                line += f"; smtp-source {theirs:,.0f} msg/s; ratio {ratios[-1]:.2f}"
            print(line, flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"median {statistics.median(rates):,.0f} msg/s, {statistics.median(costs):.0f} µs CPU, peak {peak} MB"
    )
    if ratios:
        print(f"ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
