"""Measure collecting: one feed of very many entries, and many sources side by side, some of them dead.

scripts/bench collect [--entries N] [--sources N] [--dead N] [--rounds N]: seconds by the clock from a site on
loopback into an empty inbox, and of processor in the program and the site together. Every entry is of this
week and its title like no other, so each is compared with all that were taken.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from random import Random
from statistics import median

from newsletter.config.parts import CollectEntry
from newsletter.services import Workspace, open_workspace
from newsletter.services.collect import collect
from tests.sample import ROOT
from tests.site import Reply, Site, serving

_WORDS = (
    "громада субсидія школа лікарня бюджет автобус укриття вода тепло дорога",
    "ліс музей архів порт міст парк суд рада село округ",
)


def feed(entries: int, seed: int) -> str:
    """Return an RSS feed of so many entries of today."""
    words = " ".join(_WORDS).split()
    chance, today = Random(seed), format_datetime(datetime.now(UTC))  # noqa: S311  no secret
    items = "".join(
        f"<item><title>{' '.join(chance.sample(words, 5))} {seed}-{number}</title>"
        f"<link>https://mon.gov.ua/{seed}/{number}</link><pubDate>{today}</pubDate>"
        f"<description>&lt;p&gt;{' '.join(chance.choices(words, k=40))}.&lt;/p&gt;</description></item>"
        for number in range(entries)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>МОН</title>{items}</channel></rss>'


def collected(sources: Sequence[CollectEntry], site: Site) -> tuple[float, float, int, int]:
    """Collect once into an empty inbox; return seconds by clock and processor, new items, and failures."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "newsletter.yaml").write_text((ROOT / "newsletter.yaml").read_text("utf-8"), "utf-8")
        settings = open_workspace(Path(folder)).settings
        workspace = Workspace(Path(folder), settings.model_copy(update={"collect": tuple(sources)}))
        clock, used = time.perf_counter(), time.process_time()
        found = collect(workspace, fetcher=site.fetcher)
        seconds, used = time.perf_counter() - clock, time.process_time() - used
    return seconds, used, sum(len(one.new) for one in found), sum(bool(one.failed) for one in found)


def main() -> None:
    """Collect from one large feed, then from many sources, and print the figures of each round."""
    words = argparse.ArgumentParser(prog="scripts/bench collect", description=__doc__)
    words.add_argument("--entries", type=int, default=10_000)
    words.add_argument("--sources", type=int, default=100)
    words.add_argument("--dead", type=int, default=10)
    words.add_argument("--rounds", type=int, default=5)
    asked = words.parse_args()
    with serving() as site:
        site.put("/large", feed(asked.entries, 0))
        large = [CollectEntry(feed=site.url("/large"))]
        many = []
        for number in range(asked.sources):
            site.put(f"/{number}", feed(20, number + 1))
            if number < asked.dead:
                site.replies[f"/{number}"] = Reply(hangs=True)
            many.append(CollectEntry(feed=site.url(f"/{number}", host=f"news{number}.example")))
        for name, sources, rounds in (
            (f"a feed of {asked.entries:,} entries", large, asked.rounds),
            (f"{asked.sources} sources, {asked.dead} of them dead", many, min(asked.rounds, 2)),
        ):
            runs = [collected(sources, site) for _ in range(rounds)]
            clocks = sorted(run[0] for run in runs)
            print(
                f"{name}: median {median(clocks):.2f} s by the clock ({clocks[0]:.2f} to {clocks[-1]:.2f}),"
                f" {median(run[1] for run in runs):.2f} s of processor;"
                f" {runs[0][2]} new items, {runs[0][3]} failed"
            )


if __name__ == "__main__":
    main()
