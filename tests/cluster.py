"""A PostgreSQL primary with a streaming standby, and pgbouncer, of Debian's packages, for tests to break."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.postgres import execute

USER = "newsletter"
_HOST = "127.0.0.1"
_ACCOUNT = "postgres"  # of Debian's package; a server refuses to run as root
_HASTE = ("fsync=off", "full_page_writes=off")  # a killed process loses no files; no test cuts the power
_DEADLINE = 30.0  # seconds


@dataclass(frozen=True)
class Server:
    """A running server: its process and its port."""

    process: subprocess.Popen[bytes]
    port: int

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{USER}@{_HOST}:{self.port}/{database}"

    def kill(self) -> None:
        """End it with kill -9, all its processes at one moment, as when its machine loses power."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = [self.process.pid, *map(int, listed.read_text(encoding="ascii").split())]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class Cluster:
    """A primary, and a standby that follows it."""

    primary: Server
    standby: Server

    def url(self, database: str = "postgres") -> str:
        """Return the address that names both, as an operator writes it."""
        return f"postgresql://{USER}@{_HOST}:{self.primary.port},{_HOST}:{self.standby.port}/{database}"

    def cut_off(self) -> None:
        """Let the standby miss whatever is committed from now on."""
        execute(self.standby.url(), "ALTER SYSTEM SET primary_conninfo = ''")
        execute(self.standby.url(), "SELECT pg_reload_conf()")
        _wait_for_row(self.primary, "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_replication)")

    def promote(self) -> None:
        """Make the standby a primary."""
        execute(self.standby.url(), "SELECT pg_promote()")

    def fail_over(self) -> None:
        """Kill the primary, and promote the standby."""
        self.primary.kill()
        self.promote()


def _program(name: str) -> str:
    places = [*Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), *Path("/usr/sbin").glob(name)]
    found = shutil.which(name) or max(map(str, places), default="")
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def _run(name: str, *arguments: str) -> None:
    user = _ACCOUNT if os.geteuid() == 0 else None
    subprocess.run([_program(name), *arguments], check=True, capture_output=True, cwd="/", user=user)


@contextmanager
def _start(name: str, *arguments: str, port: int, account: str = _ACCOUNT) -> Iterator[Server]:
    """Run a server until the end of the block; it will listen on `port`."""
    with subprocess.Popen(
        [_program(name), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=account if os.geteuid() == 0 else None,
    ) as process:
        try:
            yield Server(process, port)
        finally:
            process.send_signal(signal.SIGINT)  # to both: end now, and in order


def _wait_for_row(server: Server, query: str) -> None:
    """Wait until the server answers, and `query` finds something."""
    end = time.monotonic() + _DEADLINE
    while True:
        with suppress(psycopg.OperationalError), psycopg.connect(server.url(), autocommit=True) as connection:
            if connection.execute(query).fetchone():
                return
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def _port() -> int:
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _folder(account: str = _ACCOUNT) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cluster") as name:
        if os.geteuid() == 0:
            shutil.chown(name, account)
        yield Path(name)


def _postgres(stack: ExitStack, data: Path, settings: Sequence[str] = ()) -> Server:
    port = _port()
    given = (f"port={port}", f"listen_addresses={_HOST}", "unix_socket_directories=", *_HASTE, *settings)
    options = (part for one in given for part in ("-c", one))
    server = stack.enter_context(_start("postgres", "-D", str(data), *options, port=port))
    _wait_for_row(server, "SELECT 1")
    return server


@contextmanager
def cluster(*, synchronous: bool) -> Iterator[Cluster]:
    """Run a primary and a standby; `synchronous`: no commit is confirmed before the standby has it."""
    with _folder() as folder, ExitStack() as stack:
        _run("initdb", "-D", str(folder / "one"), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        primary = _postgres(stack, folder / "one")
        follow = ("-R", "-X", "stream", "-c", "fast", "--no-sync")
        _run("pg_basebackup", "-D", str(folder / "two"), "-d", primary.url(), *follow)
        standby = _postgres(stack, folder / "two")
        _wait_for_row(primary, "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")
        if synchronous:
            execute(primary.url(), "ALTER SYSTEM SET synchronous_standby_names = '*'")
            execute(primary.url(), "SELECT pg_reload_conf()")
            _wait_for_row(primary, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
        yield Cluster(primary, standby)


@contextmanager
def pooler(host: str, port: int, user: str, *, connections: int) -> Iterator[Server]:
    """Run pgbouncer, which gives each transaction one of so many `connections` to the server.

    `host` is the folder of the server's socket, which only its own account may open.
    """
    account, own = Path(host).owner(), _port()
    with _folder(account) as folder, ExitStack() as stack:
        ini = folder / "pgbouncer.ini"
        ini.write_text(
            f"[databases]\n* = host={host} port={port} user={user}\n[pgbouncer]\n"
            f"listen_addr = {_HOST}\nlisten_port = {own}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 100\n",
            encoding="ascii",
        )
        server = stack.enter_context(_start("pgbouncer", str(ini), port=own, account=account))
        _wait_for_row(server, "SELECT 1")
        yield server
