"""Measure the import of a list of made-up people: seconds and peak memory, by default 100,000 lines."""

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from newsletter.audience.lists import Importer
from newsletter.config import read_settings
from newsletter.links import Signer
from newsletter.store.db import open_database

LINES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
SETTINGS = read_settings(Path(__file__).parents[2])

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "list.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("email,name,sections,region,community,position\n")
        for number in range(LINES):
            sections = ("*", "social;education", "economy")[number % 3]
            who = f"golova{number}@hromada{number % 1700}.example.org,Наталія Ґалаґан"
            file.write(f"{who},{sections},Сумська,Конотопська,міський голова\n")
    importer = Importer(open_database(f"sqlite:///{folder}/bench.db"), SETTINGS, Signer(b"bench" * 4))
    for run in ("new", "again"):
        start = time.perf_counter()
        report = importer.file(path, path.name, datetime.now(UTC))
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{run}: {dict(report.fates)}, {seconds:.1f} s, {LINES / seconds:,.0f} lines/s, peak {peak} MB")
