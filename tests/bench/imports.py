"""Measure the import of a list of made-up people: seconds, of wall and processor, memory, and the lock.

scripts/bench imports [--rows N] [--sheet] [--database postgres]: by default 100,000 lines of CSV into SQLite.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from newsletter.audience.lists import Importer
from newsletter.config import read_settings
from newsletter.links import Signer
from newsletter.store.db import open_database
from newsletter.store.locking import METER
from tests.audience.workbooks import write_workbook
from tests.postgres import running

SETTINGS = read_settings(Path(__file__).parents[2])


def people(number: int) -> Iterator[tuple[str, ...]]:
    """Yield headings and made-up people."""
    yield "email", "name", "sections", "region", "community", "position"
    for one in range(number):
        address = f"golova{one}@hromada{one % 1700}.example.org"
        sections = ("*", "social;education", "economy")[one % 3]
        yield address, "Наталія Ґалаґан", sections, "Сумська", "Конотопська", "міський голова"


def spent() -> float:
    """Return the seconds of processor that this process and its ended children used."""
    mine, theirs = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def main() -> None:
    """Write a list, import it twice, and print the figures of each time."""
    words = argparse.ArgumentParser()
    words.add_argument("--rows", type=int, default=100_000)
    words.add_argument("--sheet", action="store_true", help="an .xlsx workbook instead of CSV")
    words.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    asked = words.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = folder / ("list.xlsx" if asked.sheet else "list.csv")
        if asked.sheet:
            write_workbook(path, people(asked.rows))
        else:
            with path.open(
                "w", encoding="utf-8"
            ) as file:  # the file's text must not count as the import's memory
                file.writelines(f"{','.join(row)}\n" for row in people(asked.rows))
        url = f"sqlite:///{folder / 'bench.db'}"
        if asked.database == "postgres":
            url = stack.enter_context(running(durable=True)).get_uri()
        importer = Importer(open_database(url), SETTINGS, Signer(b"bench" * 4))
        for run in ("new", "again"):
            METER.reset()
            start, used = time.perf_counter(), spent()
            report = importer.file(path, path.name, datetime.now(UTC), consent="bench", keep=20)
            seconds, used = time.perf_counter() - start, spent() - used
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{run}: {report.counts}, {seconds:.1f} s ({used:.1f} s of processor),"
                f" {asked.rows / seconds:,.0f} lines/s, peak {peak} MB,"
                f" write lock held {METER.longest:.2f} s at most"
            )
        importer.database.dispose()


if __name__ == "__main__":
    main()
