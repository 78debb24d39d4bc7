"""Seconds until `check` ends, until `preview` shows its first page, and until a change is on the page.

scripts/bench startup [--rounds N]: on the sample, without a database and with an empty one; beside them the
time of `import flask, sqlalchemy`, which no page over a database can do without.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from tests.faults.scene import ROOT, D, free_port, workspace

YARDSTICK = "import flask, sqlalchemy"
_WAITING = re.compile(r'data-waiting="([^"]+)"')


@contextmanager
def preview(root: Path, port: int) -> Iterator[int]:
    """Start the preview and give its process id; end it with the block."""
    command = [sys.executable, "-m", "newsletter", "-C", str(root), "preview", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def _spent(pid: int) -> float:
    """Return the seconds of processor time that a process has used (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read(address: str) -> str:
    place = urlsplit(address)
    with closing(HTTPConnection(place.netloc)) as connection:
        connection.request("GET", f"{place.path}?{place.query}")
        return connection.getresponse().read().decode()


def get(address: str) -> str:
    """Return the page at `address`, as soon as somebody listens there."""
    while True:
        with suppress(ConnectionError):
            return _read(address)
        time.sleep(0.002)


def timed(*arguments: str) -> tuple[float, float]:
    """Run Python with `arguments`; return its seconds, by the clock and of processor."""
    start, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, used


def change(root: Path, address: str, pid: int) -> tuple[float, float]:
    """Change an item; return the seconds until its page is there anew, by the clock and of processor."""
    item = min((root / "issues" / D / "items").glob("*.md"))
    waiting = _WAITING.search(get(f"{address}/edition"))
    assert waiting
    changes = urljoin(address, unescape(waiting[1]))
    text, word = item.read_text(encoding="utf-8"), f"Зміна {time.monotonic_ns()}."
    with ThreadPoolExecutor(1) as browser:
        told = browser.submit(get, changes)
        time.sleep(0.3)  # the browser asks right after the page has loaded
        start, before = time.perf_counter(), _spent(pid)
        item.write_text(f"{text}\n{word}\n", encoding="utf-8")
        told.result()
        get(f"{address}/edition")
        letter = get(f"{address}/letter.html")
        seconds, used = time.perf_counter() - start, _spent(pid) - before
    if word not in letter:
        raise SystemExit("the page does not show the change")
    item.write_text(text, encoding="utf-8")
    return seconds, used


def pages(root: Path, port: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the seconds until the preview's first page, and until a change of an item is shown."""
    start = time.perf_counter()
    with preview(root, port) as pid:
        address = f"http://127.0.0.1:{port}/{D}"
        get(f"{address}/edition")
        get(f"{address}/letter.html")
        return (time.perf_counter() - start, _spent(pid)), change(root, address, pid)


def main() -> None:
    """Read the options, run by turns, and print medians."""
    words = argparse.ArgumentParser(prog="scripts/bench startup", description=__doc__)
    words.add_argument("--rounds", type=int, default=7)
    rounds = words.parse_args().rounds
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        root, port = Path(name) / "press", free_port()
        root.mkdir()
        workspace(root, port)
        for _ in range(rounds):
            found[YARDSTICK].append(timed("-c", YARDSTICK))
            found["check, no database"].append(timed("-m", "newsletter", "-C", str(root), "check", D))
            first, changed = pages(root, port)
            found["preview, first page"].append(first)
            found["preview, a change shown"].append(changed)
        timed("-m", "newsletter", "-C", str(root), "database", "upgrade")
        for _ in range(rounds):
            found["check, a database"].append(timed("-m", "newsletter", "-C", str(root), "check", D))
    for what, times in found.items():
        wall, used = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{what:<28} {wall:6.3f} s, of processor {used:6.3f} s")


if __name__ == "__main__":
    main()
