"""Editions assembled of parts, beside editions rendered by themselves: time, memory and size of the database.

Made up are an issue of so many sections and items, and readers who each choose some of its sections, no two
the same. `--stream N` lets so many readers with as many choices pass by: their editions are stored, not they.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import TypeVar

from sqlalchemy import Connection, Engine, delete, insert

from newsletter.model import Edition
from newsletter.recipes import Assembled
from newsletter.render.assembly import Assembly
from newsletter.render.edition import Editions
from newsletter.sending.personal import Writer
from newsletter.services import Workspace, open_workspace
from newsletter.store import audience, schema
from newsletter.store import editions as frozen_editions
from newsletter.store.batches import Batches
from newsletter.store.db import writing
from newsletter.store.ledger import Due
from tests.sample import sample
from tests.sending import house

CLOSING = date(2025, 2, 14)
WORDS = ("громада", "рішення", "будівництво", "проєкт", "фінансування", "рада", "місто", "допомога")
SECTION = "  - {{slug: s{0}, title: Рубрика {0} і ще кілька слів}}"
ITEM = """---
title: {title}
section: s{section}
kind: {kind}
link: https://auc.org.ua/novyny/{number}
---

{text}
"""
COMMAND = """import atexit, runpy
status = lambda: open("/proc/self/status").read()
atexit.register(lambda: print(status().partition("VmHWM:")[2].split()[0]))
runpy.run_module("newsletter", run_name="__main__", alter_sys=True)"""
"""Runs a command and prints its own peak of memory in kB: that of a child process counts its parent's too."""
ROUNDS, STEP = 7, 5_000
STRIDE = 1_000_003  # a prime, so that choices that follow each other differ in most groups

T = TypeVar("T")
Rows = list[tuple[int, str]]


def main() -> None:
    """Measure each and print a line for it."""
    parser = argparse.ArgumentParser(prog="scripts/bench assemble", description=__doc__)
    parser.add_argument("--sections", type=int, default=60)
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--choices", type=int, default=5_000)
    parser.add_argument("--chosen", type=int, default=30, help="sections that each reader chooses")
    parser.add_argument("--stream", type=int, default=0, metavar="N")
    given = parser.parse_args()
    random = Random(1)  # noqa: S311  the same issue each time
    with sample() as made:
        write_issue(made.root, given.sections, given.items, random)
        context = open_workspace(made.root)
        issue, _ = context.issue(CLOSING)
        editions = Editions(issue)
        assembly = parts(context, editions)
        shown = [edition_of(editions, choice) for choice in choices(given, 200)]
        compare(context, assembly, shown)
        subscribe(context.database, list(choices(given, given.choices)))
        approve(context, given.choices)
        if given.stream:
            stream(context, editions, assembly, choices(given, given.stream))
        context.database.dispose()


def write_issue(root: Path, sections: int, items: int, random: Random) -> None:
    """Write settings and files of an issue with so many sections and items."""

    def words(number: int) -> str:
        return " ".join(random.choices(WORDS, k=number))

    settings = (root / "newsletter.yaml").read_text(encoding="utf-8")
    before, _, after = settings.partition("sections:\n")
    titles = "\n".join(SECTION.format(number) for number in range(sections))
    (root / "newsletter.yaml").write_text(
        f"{before}sections:\n{titles}\nfields:{after.partition('fields:')[2]}", encoding="utf-8"
    )
    folder = root / "issues" / CLOSING.isoformat()
    for old in (folder / "items").iterdir():
        old.unlink()
    order: dict[int, list[str]] = {number: [] for number in range(sections)}
    for number in range(items):
        kind = random.choice(["news", "news", "news", "brief"])
        text = ITEM.format(
            title=words(6).capitalize(),
            section=number % sections,
            kind=kind,
            number=number,
            text=f"{words(50)}. **{words(3)}** https://auc.org.ua/{number}",
        )
        (folder / "items" / f"{number:04}.md").write_text(text, encoding="utf-8")
        order[number % sections].append(f"    - '{number:04}'")
    lines = [f"  s{section}:\n" + "\n".join(ids) for section, ids in order.items() if ids]
    (folder / "issue.yaml").write_text(
        "subject: Робота громад\npreheader: Про все, що сталося за тиждень у громадах країни\norder:\n"
        + "\n".join(lines)
        + "\n",
        encoding="utf-8",
    )


def choices(given: argparse.Namespace, number: int) -> Iterator[frozenset[str]]:
    """Yield choices of sections, no two the same: one of each group of sections."""
    group = given.sections // given.chosen
    for place in range(number):
        rest = place * STRIDE % group**given.chosen
        slugs = []
        for first in range(0, group * given.chosen, group):
            rest, one = divmod(rest, group)
            slugs.append(f"s{first + one}")
        yield frozenset(slugs)


def edition_of(editions: Editions, choice: frozenset[str]) -> Edition:
    """Return the edition of a choice, which is not empty."""
    edition = editions.of(choice, {})
    assert edition
    return edition


def parts(context: Workspace, editions: Editions) -> Assembly:
    """Render the issue once, and cut it."""
    assembly, seconds = timed(lambda: Assembly(editions, context.renderer))
    size = sum(len(part.content.encode()) for part in assembly.stock.parts)
    print(f"rendered once in {seconds:.1f} s: {len(assembly.stock.parts):,} parts, {size / 1000:,.0f} kB")
    return assembly


def compare(context: Workspace, assembly: Assembly, shown: list[Edition]) -> None:
    """Print what an edition, and a message of it, cost by themselves and assembled."""
    issue, shared = context.issue(CLOSING)[0], context.settings.envelope(CLOSING.isoformat())
    due = Due(1, house.address(1), "Читач", "", 1)

    def message(page: Assembled) -> bytes:
        return Writer(page, shared, context.signer).write(due, house.NOW).content

    for edition in shown:  # each part is encoded once for the places in a line at which it begins
        message(assembly.assembled(edition))
    own = [spent(lambda one=edition: context.renderer.render(issue, one)) for edition in shown[:ROUNDS]]  # type: ignore[misc]
    made = [spent(lambda one=edition: assembly.assembled(one)) for edition in shown]  # type: ignore[misc]
    sent = [spent(lambda one=edition: message(assembly.assembled(one))) for edition in shown]  # type: ignore[misc]
    size = len(assembly.assembled(shown[0]).html.encode())
    print(
        f"an edition, {size / 1000:,.0f} kB of HTML: by itself {median(own) * 1e3:.1f} ms, assembled"
        f" {median(made) * 1e6:.0f} µs, with one reader's message {median(sent) * 1e6:.0f} µs"
    )


def subscribe(engine: Engine, chosen: list[frozenset[str]]) -> None:
    """Subscribe a reader for each choice."""
    for first in range(0, len(chosen), STEP):
        some = chosen[first : first + STEP]
        house.people(engine, len(some), sections=["elsewhere"], first=first + 1)
        rows = [
            {"subscriber": number, "section": slug, "state": "active", "origin": "list", "changed_at": ""}
            for number, choice in enumerate(some, first + 1)
            for slug in choice
        ]
        with writing(engine) as connection:
            connection.execute(insert(schema.subscription), rows)


def approve(context: Workspace, choices: int) -> None:
    """Approve the issue in a process of its own."""
    before, used = size_of(context), resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-c", COMMAND, "approve", CLOSING.isoformat(), "--by", "bench"]
    done = subprocess.run(command, cwd=context.root, stdout=subprocess.PIPE, text=True, check=True)
    seconds, spent_now = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = spent_now.ru_utime + spent_now.ru_stime - used.ru_utime - used.ru_stime
    print(
        f"approve {choices:,} choices: {seconds:.1f} s ({cpu:.1f} s of CPU time), peak"
        f" {int(done.stdout.split()[-1]) // 1024} MB, database {size_of(context) - before:.1f} MB larger",
        flush=True,
    )


def stream(
    context: Workspace, editions: Editions, assembly: Assembly, chosen: Iterator[frozenset[str]]
) -> None:
    """Make and store the edition of each choice, and that its reader gets it."""
    name, batches = CLOSING.isoformat(), Batches(context.database)
    with writing(context.database) as connection:
        connection.execute(delete(schema.edition))
    before, peak = size_of(context), _peak()
    start, cpu, number = time.perf_counter(), time.process_time(), 0
    while some := [edition_of(editions, choice) for choice in islice(chosen, STEP)]:
        rows = [(number + place, edition.key) for place, edition in enumerate(some, 1)]
        number += len(some)

        def put(connection: Connection, some: list[Edition] = some, rows: Rows = rows) -> None:
            frozen_editions.put(connection, name, assembly, some)
            audience.put(connection, name, rows)

        batches.run(len(some), put)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"{number:,} readers with as many choices: {seconds:.0f} s ({cpu:.0f} s of CPU time, or"
        f" {cpu / number * 1e6:.0f} µs each), peak {peak} MB before and {_peak()} after, database"
        f" {size_of(context) - before:.0f} MB larger"
    )


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what `work` returns, and the seconds that it took."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def spent(work: Callable[[], object]) -> float:
    """Return the seconds of CPU time that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def size_of(context: Workspace) -> float:
    """Return the size of the database in MB."""
    with context.database.connect() as connection:
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {one}").scalar_one() for one in ("page_count", "page_size")
        )
    return float(pages * size / 1e6)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
