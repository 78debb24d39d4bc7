"""A workspace with an approved issue for many readers, its relay and its senders: real processes."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import select

from newsletter.store import issues
from newsletter.store.audience import members
from newsletter.store.db import open_database, reading
from newsletter.store.schema import chunk
from tests import postgres
from tests.faults.account import Account
from tests.sending import house

ROOT = Path(__file__).parent.parent.parent
D = house.NAME
READERS = 600  # three chunks
CONNECTIONS = 5
WINDOW = 4  # where windows are wanted: they depend on how quick a machine is, so elsewhere they are of one
DEADLINE = 60  # seconds after which something hangs
FAKETIME = next(map(str, Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), "")
"""The library that gives a program a clock of its own, where Debian has put it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When to strike: at an event of tests.faults.sink, or at none; `delay` is from … to, in seconds."""

    words: str
    event: str = ""
    delay: tuple[float, float] = (0, 0)


@dataclass(frozen=True)
class Scene:
    """A workspace, its database's address, and the relay's port."""

    root: Path
    database: str
    port: int

    @property
    def _log(self) -> Path:
        return self.root / "accepted.log"

    def log(self) -> list[tuple[str, str]]:
        """Return what the relay has written down: (recipient, Message-ID)."""
        if not self._log.exists():
            return []
        pairs = (line.split() for line in self._log.read_text().splitlines())
        return [(recipient, message_id) for recipient, message_id in pairs]

    def said(self) -> str:
        """Return what all senders wrote to standard error."""
        return (self.root / "said.txt").read_text()

    def change(self, window: int = 1, **more: object) -> None:
        """Change the settings, which voids the approval, and approve again."""
        configure(self.root, self.port, window, **more)
        assert self.run("approve", D, "--by", "Олена") == 0, self.said()

    @contextmanager
    def sink(self, *faults: str, pace: float = 0.001, port: int = 0) -> Iterator["Sink"]:
        """Run the relay, as of tests.faults.sink, until the end of the block; it then ends as in a crash.

        One on another `port` writes into the same log.
        """
        log = self._log
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sink", str(port or self.port), str(log), str(pace), *faults],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            try:
                yield Sink(process)
            finally:
                process.kill()

    def command(self, *arguments: str, now: str = "", clock: str = "") -> subprocess.Popen[bytes]:
        """Start one command line, its clock standing at `now`, or as faketime's `clock` says (UTC; @file)."""
        moment = {"NEWSLETTER_NOW": now} if now else {}
        inherited = dict(os.environ)
        if clock:  # without its program, which stands between us and the command
            moment = {"LD_PRELOAD": FAKETIME, "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            if clock.startswith("@/"):  # a file that says it, and may change
                moment |= {"FAKETIME_TIMESTAMP_FILE": clock[1:], "FAKETIME_NO_CACHE": "1"}
                del moment["FAKETIME"]
            inherited.pop("NEWSLETTER_NOW", None)
        with (self.root / "said.txt").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "newsletter", "-C", str(self.root), *arguments],
                cwd=ROOT,
                env={**inherited, "NEWSLETTER_DATABASE": self.database, "TZ": "UTC", **moment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    def run(self, *arguments: str, now: str = "", clock: str = "") -> int:
        """Run one command line to its end and return its exit code."""
        with self.command(*arguments, now=now, clock=clock) as process:
            return process.wait(DEADLINE)

    @contextmanager
    def sender(self, *arguments: str, now: str = "", clock: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """Start `newsletter send`, or another command; at the end of the block it is killed if it runs."""
        with self.command(*(arguments or ("send", D, "--yes")), now=now, clock=clock) as process:
            try:
                yield process
            finally:
                process.kill()

    def send(self, *, now: str = "") -> Account:
        """Send to the end, and return the account."""
        assert self.run("send", D, "--yes", now=now) in (0, 3), self.said()
        return self.account()

    def account(self) -> Account:
        """Return how the log and the ledger stand."""
        engine = open_database(self.database)
        with reading(engine) as connection:
            state = issues.get(connection, D).state.value
            ledger = {member.email: member.state for member in members(connection, D)}
        engine.dispose()
        return Account(state, ledger, self.log())

    def locked(self) -> bool:
        """Tell whether someone is in the middle of a transaction that writes."""
        try:
            if self.database.startswith("sqlite"):
                path = self.database.removeprefix("sqlite:///")
                with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
                    connection.execute("BEGIN IMMEDIATE")
            else:
                postgres.execute(self.database, "SELECT id FROM chunk FOR UPDATE NOWAIT")
        except (sqlite3.OperationalError, psycopg.OperationalError):
            return True
        return False

    def on_the_wire(self, pid: int) -> int:
        """Return how many messages the ledger says process `pid` had on the wire when it ended."""
        return sum(len(inflight) for inflight in self._held(pid))

    def left_by(self, sender: subprocess.Popen[bytes]) -> int | None:
        """Return how many messages a killed sender left on the wire; None when it came to its end before."""
        if sender.returncode == -signal.SIGKILL:
            return self.on_the_wire(sender.pid)
        assert sender.returncode in (0, 3), self.said()
        return None

    def holds(self, pid: int) -> bool:
        """Tell whether process `pid` has a chunk, by the ledger."""
        return bool(self._held(pid))

    def _held(self, pid: int) -> Sequence[list[object]]:
        """Return what is in flight of each chunk of process `pid`."""
        engine = open_database(self.database)
        with reading(engine) as connection:
            held = select(chunk.c.inflight).where(chunk.c.worker.endswith(f":{pid}"))
            found = connection.execute(held).scalars().all()
        engine.dispose()
        return found

    def accepted(self, count: int) -> None:
        """Wait until the relay has accepted `count` messages."""
        wait(lambda: len(self.log()) >= count)


class Sink:
    """The running relay."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def kill(self, pid: int, event: str, count: int, delay: float = 0) -> None:
        """Order the end of process `pid`, as of tests.faults.sink."""
        assert self._process.stdin
        self._process.stdin.write(f"{pid} {event} {count} {delay}\n".encode())
        self._process.stdin.flush()


def wait(reached: Callable[[], bool]) -> None:
    """Wait until something is so, but not for ever."""
    deadline = time.monotonic() + DEADLINE
    while not reached():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.005)


def later(*, minutes: float = 0.2) -> str:
    """Return a moment so far ahead, for NEWSLETTER_NOW; by default when leases of now have run out."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


_PORTS = count(10_000 + os.getpid() * 97 % 20_000)  # below those that Linux takes by itself


def free_port() -> int:
    """Return a port of loopback on which nobody listens, and which no connection gets before it is used."""
    for port in _PORTS:
        with socket.socket() as taken, suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def workspace(root: Path, port: int, window: int = 1, **more: object) -> None:
    """Make a workspace of the sample issue that sends to `port`; `more` are keys of newsletter.yaml."""
    for part in ("issues", "templates"):
        shutil.copytree(ROOT / part, root / part)
    shutil.copy(ROOT / "logo.png", root)
    configure(root, port, window, **more)


def configure(root: Path, port: int, window: int = 1, **more: object) -> None:
    """Write the workspace's newsletter.yaml anew."""
    smtp: dict[str, object] = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 1}
    smtp |= {"connections": CONNECTIONS, "window": window}
    changed = {"transport": "smtp", "smtp": smtp, **more}
    lines = (ROOT / "newsletter.yaml").read_text().splitlines()
    kept = [line for line in lines if line.partition(":")[0] not in changed]
    added = [f"{key}: {json.dumps(value)}" for key, value in changed.items()]
    (root / "newsletter.yaml").write_text("\n".join([*kept, *added]))


@contextmanager
def scenes(
    readers: int, settings: Callable[[int], Mapping[str, object]]
) -> Iterator[Iterator[tuple[str, Scene]]]:
    """Make scenes without end, over SQLite and PostgreSQL in turn, with `settings` by their number."""
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:

        def make() -> Iterator[tuple[str, Scene]]:
            for number in count():
                root = Path(folder) / str(number)
                root.mkdir()
                port = free_port()
                workspace(root, port, **settings(number))  # type: ignore[arg-type]  # each of its parameter's type
                kind, url = "SQLite", f"sqlite:///{root}/newsletter.db"
                if number % 2:
                    postgres.execute(server.get_uri(), f"CREATE DATABASE scene{number}")
                    kind, url = "PostgreSQL", postgres.named(server.get_uri(), f"scene{number}")
                scene = Scene(root, url, port)
                approve(scene, readers)
                yield kind, scene

        yield make()


def approve(scene: Scene, readers: int = READERS) -> None:
    """Bring so many readers in, and approve the issue for them."""
    engine = open_database(scene.database)
    house.people(engine, readers)
    engine.dispose()
    assert scene.run("approve", D, "--by", "Олена") == 0, scene.said()
