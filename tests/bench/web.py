"""How fast `newsletter serve` answers while an issue is being delivered, asked at a fixed rate.

The rate is kept whatever the answers take (an open loop), and each is timed from the moment it was due: a
site that stalls cannot hide it by being asked less. How late the asking was is told too: it has the same
processors as what it measures.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http import HTTPStatus
from itertools import cycle
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

from newsletter.links import Purpose
from newsletter.services import Workspace, open_workspace
from tests.bench.delivery import sink
from tests.faults.scene import free_port
from tests.sending import house

ROOT = Path(__file__).parents[2]
D = "2025-02-14"
AIM = 200  # milliseconds
NETWORKS = 200
KEPT = 32  # idle connections
TICKS = os.sysconf("SC_CLK_TCK")


def workspace(root: Path, relay: int, readers: int, pace: float) -> Workspace:
    """Make a workspace whose issue was approved for `readers`, and which sends `pace` messages a second."""
    for part in ("issues", "templates"):
        shutil.copytree(ROOT / part, root / part)
    changed = {
        "transport": "smtp",
        "smtp": {"port": relay, "security": "none"},
        "pace": {"run": pace},
        "serve": {"proxies": 1},
    }
    lines = (ROOT / "newsletter.yaml").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(":")[0] not in changed]
    added = [f"{key}: {json.dumps(value)}" for key, value in changed.items()]
    (root / "newsletter.yaml").write_text("\n".join([*kept, *added]), encoding="utf-8")
    shutil.copy(ROOT / "logo.png", root)
    context = open_workspace(root)
    house.people(context.database, readers)
    newsletter(root, "approve", D, "--by", "bench")
    newsletter(root, "send", D, "--yes", "--now", "--detach")
    return context


def newsletter(root: Path, *arguments: str) -> str:
    """Run one command line and return what it printed."""
    command = [sys.executable, "-m", "newsletter", "-C", str(root), *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def paths(context: Workspace, readers: int) -> Sequence[str]:
    """Return what visitors ask for, in the proportions in which they come."""
    closing = datetime.now(UTC).date()  # the links of an old issue end
    chosen = range(1, readers, max(1, readers // 50))
    preferences = [f"/preferences/{context.signer.token(Purpose.PREFERENCES, n, closing)}" for n in chosen]
    unsubscribe = [f"/unsubscribe/{context.signer.token(Purpose.UNSUBSCRIBE, n, closing)}" for n in chosen]
    view = [f"/view/{context.signer.token(Purpose.VIEW, n, date.fromisoformat(D))}" for n in chosen]
    common = [
        "/",
        "/issues",
        f"/issues/{D}",
        "/sections/social",
        f"/search?q={quote('житло')}",
        "/signup",
        "/feed.xml",
    ]
    files = ["/static/base.css", "/static/public.css"]
    return [
        path for trio in zip(preferences, unsubscribe, view, strict=True) for path in (*trio, *common, *files)
    ]


@contextmanager
def site(root: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `newsletter serve` until the end of the block."""
    command = [sys.executable, "-m", "newsletter", "-C", str(root), "serve", "--port", str(port)]
    with (root / "log.txt").open("wb") as log, subprocess.Popen(command, cwd=ROOT, stderr=log) as process:
        try:
            for _ in range(100):
                time.sleep(0.1)
                try:
                    urlopen(f"http://127.0.0.1:{port}/health")
                    break
                except OSError:
                    continue
            yield process
        finally:
            process.terminate()


class Visitors:
    """Connections as a web server before the site has them: some are kept, more are opened when needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.late: list[float] = []
        self.failed: defaultdict[str, int] = defaultdict(int)

    async def ask(self, path: str, network: int, due: float) -> None:
        """Fetch a page that was due at `due`, and keep how long it took since."""
        self.late.append((asyncio.get_running_loop().time() - due) * 1000)
        page = "/".join(part if len(part) < 24 else "…" for part in path.partition("?")[0].split("/"))
        try:
            status = await self._fetch(path, network)
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.failed[f"{page} {type(error).__name__}"] += 1
            return
        if status != HTTPStatus.OK:
            self.failed[f"{page} {status}"] += 1
        self.times[page].append((asyncio.get_running_loop().time() - due) * 1000)

    async def _fetch(self, path: str, network: int) -> int:
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"X-Forwarded-For: 203.0.{network}.7\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        if len(self._idle) < KEPT:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return int(head.split(None, 2)[1])


async def warm_up(port: int, asked: Sequence[str]) -> None:
    """Ask for each page once: templates are compiled then."""
    visitors, loop = Visitors(port), asyncio.get_running_loop()
    for path in asked:
        await visitors.ask(path, 0, loop.time())


async def visit(port: int, asked: Sequence[str], rate: float, seconds: float) -> Visitors:
    """Ask for the pages in turn, `rate` a second for so long."""
    visitors, loop = Visitors(port), asyncio.get_running_loop()
    begun, turns = loop.time(), zip(cycle(asked), cycle(range(NETWORKS)), strict=False)
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(due - loop.time())
            tasks.create_task(visitors.ask(*next(turns), due))
    return visitors


def processor(process: int) -> float:
    """Return how many seconds of processor a process has taken."""
    return sum(map(int, Path(f"/proc/{process}/stat").read_text().split()[13:15])) / TICKS


def quantile(times: Sequence[float], share: float) -> float:
    """Return the time within which so large a share was answered."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def main() -> None:
    """Run it and print a line for each page, and the whole."""
    parser = argparse.ArgumentParser(prog="scripts/bench web", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--pace", type=float, help="messages a second; so many that it lasts as long")
    given = parser.parse_args()
    pace = given.readers / given.seconds if given.pace is None else given.pace
    port, relay = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder, sink(relay):
        root = Path(folder)
        context = workspace(root, relay, given.readers, pace)
        asked = paths(context, given.readers)
        context.database.dispose()
        with site(root, port) as process:
            asyncio.run(warm_up(port, asked))
            before, ours = processor(process.pid), processor(os.getpid())
            visitors = asyncio.run(visit(port, asked, given.rate, given.seconds))
            cpu, ours = processor(process.pid) - before, processor(os.getpid()) - ours
            told = json.loads(newsletter(root, "status", D, "--json"))
    every = [took for times in visitors.times.values() for took in times]
    for page, times in sorted(visitors.times.items()):
        print(f"{page:24} p50 {quantile(times, 0.5):6.1f}  p99 {quantile(times, 0.99):6.1f} ms")
    for failure, count in visitors.failed.items():
        print(f"failed: {failure} × {count}")
    print(f"{told['accepted']:,} messages accepted meanwhile")
    each, asking = 1000 * cpu / len(every), 1000 * ours / len(every)
    late = quantile(visitors.late, 0.99)
    print(f"{each:.2f} ms CPU a page; for asking {asking:.2f} ms, late by p99 {late:.1f} ms")
    spread = ", ".join(f"p{100 * share:.0f} {quantile(every, share):.1f}" for share in (0.5, 0.95, 0.99))
    rate, failed = len(every) / given.seconds, sum(visitors.failed.values())
    print(f"{rate:.0f} requests/s, {spread}, max {max(every):.1f} ms, {failed} failed")
    print(f"p99 {quantile(every, 0.99):.0f} of {AIM} ms")


if __name__ == "__main__":
    main()
