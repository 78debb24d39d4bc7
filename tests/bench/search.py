"""Milliseconds for a search over a large archive, on SQLite."""

import argparse
import random
import statistics
import time
from collections.abc import Iterator
from datetime import date

from newsletter.model import Item
from newsletter.store.db import reading
from newsletter.store.search import search
from newsletter.store.search_terms import read
from tests import press
from tests.sample import sample

QUERIES = (
    "субсидія",
    "громада",
    "асоціація міст україни",
    "житло ВПО",
    "24.02",
    "у",
    "відновлення громад Полтава",
)
PER_ISSUE = 20
LENGTH = 60  # words of an item
ROUNDS = 20


def main() -> None:
    """Fill an archive with items of the sample's own words, then search it; print a line for each query."""
    parser = argparse.ArgumentParser(prog="scripts/bench search", description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    given = parser.parse_args()
    with sample() as context:
        issue, _ = context.issue(press.CLOSING)
        words = [word for block in issue.blocks for item in block.items for word in item.text.split()]
        engine = context.database
        for closing in press.weeks(given.items // PER_ISSUE):
            press.publish(engine, press.issue(closing, _items(closing, words)))
        print(f"{given.items:,} items of {LENGTH} words", flush=True)
        for query in QUERIES:
            took = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                with reading(engine) as connection:
                    _, total = search(connection, read(query), query, limit=15)
                took.append((time.perf_counter() - start) * 1000)
            print(
                f"{query}: {total:,} found, median {statistics.median(took):.1f} ms, worst {max(took):.1f} ms"
            )


def _items(closing: date, words: list[str]) -> Iterator[Item]:
    chance = random.Random(closing.isoformat())  # noqa: S311  the same archive at every run
    for number in range(PER_ISSUE):
        title, text = (" ".join(chance.choices(words, k=length)) for length in (8, LENGTH))
        yield press.item(title, text, name=str(number))


if __name__ == "__main__":
    main()
