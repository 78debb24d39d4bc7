"""How fast the desk answers: a board of 60 items, the mail after a save, and ten editors beside a sending.

Every figure is of HTTP requests to `newsletter desk` in a process of its own, the answer read whole. The ten
editors think between their requests, as people do; the one alone does not, and of its requests the processor
time of the server is told too, which other work on the machine does not change.
"""

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from newsletter.services.editing.fields import ItemFields, write_fields
from tests.bench.delivery import sink
from tests.bench.web import ROOT, newsletter, quantile, workspace
from tests.faults.scene import free_port

WEEK = "2025-02-21"
"""The issue that is edited; the sample's is being sent."""
ITEMS, EDITORS = 60, 10
SECTIONS = ("top", "staff", "social", "education", "services", "economy", "international")


def write_week(root: Path) -> None:
    """Write an issue of 60 items of 120 words each, with a link."""
    folder = root / f"issues/{WEEK}/items"
    folder.mkdir(parents=True)
    for number in range(ITEMS):
        fields = ItemFields(
            title=f"Новина {number} про роботу громад і відновлення",
            sections=(SECTIONS[number % len(SECTIONS)],),
            link=f"https://auc.org.ua/{number}",
            text="Громади отримали субвенцію на відновлення житла. " * 20,
        )
        (folder / f"item-{number:02}.md").write_text(write_fields("", "", fields), "utf-8")


@contextmanager
def serving(root: Path, port: int) -> Iterator[int]:
    """Run `newsletter desk` until the end of the block, and yield the number of its process."""
    command = [sys.executable, "-m", "newsletter", "-C", str(root), "desk", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            yield process.pid
        finally:
            process.terminate()


def processor_time(process: int) -> float:
    """Return the milliseconds that a process has worked (clock_getcpuclockid(3), which Python lacks)."""
    return 1000 * time.clock_gettime(~process << 3 | 2)


class Editor:
    """A browser without scripts: cookies, the token of forms, and how long each kind of page took.

    With the number of the server's process, also how long that worked for it.
    """

    def __init__(self, port: int, think: float = 0, server: int = 0) -> None:
        self._think = think
        self._server = server
        self._base = f"http://127.0.0.1:{port}/desk/{WEEK}"
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor())
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.worked: defaultdict[str, list[float]] = defaultdict(list)
        self.sizes: defaultdict[str, int] = defaultdict(int)

    def ask(self, kind: str, path: str = "", form: dict[str, str] | None = None) -> str:
        """Fetch a page and count its milliseconds under `kind`."""
        time.sleep(random.uniform(0, 2 * self._think))  # noqa: S311  a pause
        before = processor_time(self._server) if self._server else 0
        begun = time.perf_counter()
        data = urlencode(form).encode() if form else None
        try:
            with self._opener.open(Request(self._base + path, data)) as answer:  # noqa: S310  our own server
                body: bytes = answer.read()
        except HTTPError as error:  # a conflict with another editor, which is an answer, too
            body = error.read()
        self.times[kind].append(1000 * (time.perf_counter() - begun))
        if self._server:
            self.worked[kind].append(processor_time(self._server) - before)
        self.sizes[kind] = max(self.sizes[kind], len(body))
        return body.decode()

    def work(self, rounds: int, first: int) -> None:
        """Look at the board, save an item, look at the mail, and move an item, again and again."""
        for number in range(rounds):
            item = f"item-{(first + 7 * number) % ITEMS:02}"
            board = self.ask("board, nothing changed") if first == 0 else self.ask("board")
            token = found(r'name="csrf_token" value="([^"]+)"', board)
            page = self.ask("item", f"/items/{item}")
            form = {"csrf_token": token, "sha": found(r'name="sha" value="(\w+)"', page)}
            form |= {
                "title": f"Новина {number} від {first}",
                "sections": "top",
                "link": "https://auc.org.ua/x",
            }
            begun = time.perf_counter()
            shown = self.ask(
                "save, with the page after it", f"/items/{item}", form | {"text": "Текст. " * 40}
            )
            frame = found(r'<iframe[^>]* src="/desk/[\d-]+(/[^"]+)"', shown).replace("&amp;", "&")
            self.ask("mail in the frame", frame)
            if not self._think:
                self.times["save until the mail is shown"].append(1000 * (time.perf_counter() - begun))
            self.ask("move, with the board after it", "/arrange", {"csrf_token": token, "down": item})


def found(pattern: str, page: str) -> str:
    """Return what `pattern` finds in a page, or nothing."""
    match = re.search(pattern, page)
    return match[1] if match else ""


def tell(title: str, editors: Sequence[Editor]) -> float:
    """Print median and p99 by kind of page; return the p99 over all requests."""
    print(title)
    kinds = dict.fromkeys(kind for editor in editors for kind in editor.times)
    for kind in kinds:
        times = [took for editor in editors for took in editor.times[kind]]
        size = max(editor.sizes[kind] for editor in editors)
        told = f"p50 {median(times):6.1f}  p99 {quantile(times, 0.99):6.1f} ms"
        worked = [spent for editor in editors for spent in editor.worked[kind]]
        work = f"  processor {mean(worked):6.1f} ms" if worked else ""
        print(f"  {kind:30} {told}  {size / 1000:5.1f} kB{work}")
    asked = [took for one in editors for kind in kinds if "until" not in kind for took in one.times[kind]]
    return quantile(asked, 0.99)


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(prog="scripts/bench desk", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--readers", type=int, default=5_000)
    parser.add_argument("--think", type=float, default=2, help="seconds between two requests of an editor")
    given = parser.parse_args()
    port, relay = free_port(), free_port()
    scripts = sum(file.stat().st_size for file in (ROOT / "templates/web/static/desk").glob("*.js"))
    with tempfile.TemporaryDirectory() as folder, sink(relay):
        root = Path(folder)
        context = workspace(root, relay, given.readers, 100)
        context.database.dispose()
        write_week(root)
        newsletter(root, "compose", WEEK)
        with serving(root, port) as server:
            Editor(port).work(1, 0)  # templates are compiled then
            alone = Editor(port, server=server)
            alone.work(given.rounds, 0)
            tell(f"one editor, {ITEMS} items, {given.readers:,} readers", [alone])
            command = [sys.executable, "-m", "newsletter", "-C", str(root), "worker"]
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as worker:
                editors = [Editor(port, given.think) for _ in range(EDITORS)]
                threads = [
                    Thread(target=one.work, args=(given.rounds, n)) for n, one in enumerate(editors, 1)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                worker.terminate()
            worst = tell(f"{EDITORS} editors beside a sending of 100 messages/s", editors)
    print(f"p99 {worst:.0f} of 300 ms; scripts {scripts / 1000:.1f} of 40 kB")


if __name__ == "__main__":
    main()
