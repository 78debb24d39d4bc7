"""`newsletter serve` as a process: pages, and beside them the sending."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import select

from newsletter.cli import run
from newsletter.errors import StoreError
from newsletter.services import open_workspace
from newsletter.services.scheduler import insist
from newsletter.store import issues
from newsletter.store.db import open_database, reading, writing
from newsletter.store.metrics import collect
from newsletter.store.schema import delivery
from tests import postgres
from tests.faults.scene import free_port, wait
from tests.relay import Relay
from tests.sending import house

ROOT = Path(__file__).parents[2]
TOKEN = "AAAAAAABAgMEBQYHCAkKCwwNDg8QERI"  # noqa: S105  of nobody


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a workspace with the sample's settings."""
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    shutil.copy(ROOT / "newsletter.yaml", tmp_path)
    shutil.copy(ROOT / "logo.png", tmp_path)
    return tmp_path


def setting(workspace: Path, line: str) -> None:
    """Set a key of newsletter.yaml."""
    path = workspace / "newsletter.yaml"
    key = line.partition(":")[0]
    lines = [kept for kept in path.read_text("utf-8").splitlines() if not kept.startswith(f"{key}:")]
    path.write_text("\n".join([*lines, line, ""]), encoding="utf-8")


def command(workspace: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "newsletter", "-C", str(workspace), *arguments]


@contextmanager
def serving(
    workspace: Path, *arguments: str, host: str = "127.0.0.1"
) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """Run `newsletter serve` until the end of the block; give the process, its address, and its log."""
    port, log = free_port(), workspace / "log.txt"
    with (
        log.open("wb") as file,
        subprocess.Popen(
            command(workspace, "serve", "--port", str(port), *arguments),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=file,
        ) as process,
    ):
        try:
            assert process.stdout
            assert f"Site: http://{host}:{port} for " in process.stdout.readline().decode()
            yield process, f"http://{host}:{port}", log
        finally:
            process.kill()


def children(pid: int) -> set[int]:
    """Return the processes that `pid` started to send, by what the system knows of them."""
    found = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return {int(line.split()[0]) for line in found.stdout.splitlines() if "spawn_main" in line}


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def get(address: str) -> str:
    with urlopen(address) as answer:  # noqa: S310  our own address
        text: str = answer.read().decode()
    return text


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    process.send_signal(number)
    return process.wait(60)


def test_it_says_where_it_is_answers_and_ends_when_told_with_all_its_processes(workspace: Path) -> None:
    with serving(workspace) as (process, address, log):
        assert '"ok"' in get(f"{address}/health")
        with pytest.raises(OSError, match="404"):
            get(f"{address}/nothing/{TOKEN}")
        wait(lambda: len(children(process.pid)) == 1)
        (child,) = children(process.pid)
        second = subprocess.run(
            command(workspace, "serve", "--port", address.rpartition(":")[2]),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 2
        assert "is in use, perhaps by another `newsletter serve`" in second.stderr
        assert end(process, signal.SIGINT) == 0
        assert not lives(child)
    said = log.read_text()
    assert re.search(r"^\S+ \S+ 127\.0\.0\.0/24 GET /health 200 \d+ ms$", said, re.MULTILINE)
    assert "GET /nothing/… 404" in said
    assert TOKEN not in said
    assert "Traceback" not in said


def test_hundreds_of_connections_that_ask_nothing_stop_neither_pages_nor_health(workspace: Path) -> None:
    with serving(workspace) as (process, address, _), ExitStack() as stack:
        port = int(address.rpartition(":")[2])
        door = f"http://127.0.0.1:{port + 1000 if port < 64536 else port - 1000}"
        assert process.stdout
        assert process.stdout.readline().decode() == f"Health: {door}/health\n"
        for _ in range(300):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        assert "<form" in get(f"{address}/signup")
        assert '"ok"' in get(f"{door}/health")
        assert '"ok"' in get(f"{address}/health")
        found = dict(line.rsplit(" ", 1) for line in get(f"{door}/metrics").splitlines() if line[0] != "#")
        assert float(found["newsletter_connections"]) <= 100
        assert float(found['newsletter_connections_closed_total{reason="crowded"}']) >= 200
        with pytest.raises(OSError, match="404"):
            get(f"{door}/signup")


@pytest.mark.parametrize("asked", [True, False])
def test_a_port_of_health_that_is_taken_ends_the_start_only_if_it_was_asked_for(
    workspace: Path, *, asked: bool
) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        pages = port - 1000 if port > 2024 else port + 1000
        setting(workspace, f"serve: {{port: {pages}{f', health_port: {port}' if asked else ''}}}")
        with subprocess.Popen(
            command(workspace, "serve"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            assert process.stderr
            try:
                told = process.stderr.readline()
                assert f"port {port} is in use" in told
                assert asked == ("serve.health_port" in told)
                if asked:
                    assert process.wait(60) == 2
                else:
                    assert "on the pages' port only" in told
                    assert process.stdout.readline().startswith("Site: ")
            finally:
                process.kill()


def test_it_serves_on_ipv6_too(workspace: Path) -> None:
    with serving(workspace, "--host", "::1", host="[::1]") as (process, address, log):
        assert '"ok"' in get(f"{address}/health")
        assert "newsletter_database_up 1.0" in get(f"{address}/metrics")
        style = re.search(r'href="(/static/base\.css[^"]*)"', get(f"{address}/signup?lang=en"))
        assert style
        assert "{" in get(f"{address}{style[1]}")
        assert end(process) == 0
    assert "::/64 GET /signup 200" in log.read_text()


def begin(workspace: Path, relay: Relay, readers: int, *, pace: float = 0) -> None:
    """Have an issue for `readers` that is being sent by the relay."""
    smtp = f"host: 127.0.0.1, port: {relay.port}, security: none, connections: 2, timeout: 5"
    setting(workspace, f"smtp: {{{smtp}}}")
    setting(workspace, f"pace: {{run: {pace}}}")
    context = open_workspace(workspace)
    house.people(context.database, readers)
    house.approve(context.database)
    with writing(context.database) as connection:
        issues.begin(connection, house.NAME, "smtp", context.now())
    context.database.dispose()


def outcomes(workspace: Path) -> list[str]:
    context = open_workspace(workspace)
    with reading(context.database) as connection:
        found = list(connection.execute(select(delivery.c.state)).scalars())
    context.database.dispose()
    return found


def test_it_delivers_and_at_its_end_lets_messages_on_their_way_finish(
    workspace: Path, start_relay: Callable[[Relay], Relay]
) -> None:
    relay = start_relay(Relay())
    begin(workspace, relay, 400, pace=50)
    with serving(workspace) as (process, address, log):
        wait(lambda: len(relay.accepted) > 5)
        assert '"ok"' in get(f"{address}/health")
        assert end(process) == 0
    found = outcomes(workspace)
    assert 5 < len(found) == len(relay.accepted) < 400, "it ended before all had gone"
    assert set(found) == {"accepted"}
    said = log.read_text()
    assert not [recipient for recipient in relay.recipients if recipient in said]


def test_a_sender_that_dies_is_started_again_and_ends_when_the_site_is_killed(workspace: Path) -> None:
    with serving(workspace) as (process, address, log):
        wait(lambda: len(children(process.pid)) == 1)
        (first,) = children(process.pid)
        os.kill(first, signal.SIGKILL)
        wait(lambda: bool(children(process.pid) - {first}))
        assert '"ok"' in get(f"{address}/health"), "the pages went on"
        assert "the sending process ended (-9); restarting it in" in log.read_text()
        (second,) = children(process.pid)
        process.kill()
        wait(lambda: not lives(second))


def test_a_backup_made_while_it_sends_is_known_for_one_when_it_is_put_back(
    workspace: Path, start_relay: Callable[[Relay], Relay]
) -> None:
    relay = start_relay(Relay())
    begin(workspace, relay, 60, pace=30)
    database, backup = workspace / "var/newsletter.db", workspace / "backup.db"
    with serving(workspace) as (process, _, _):
        wait(lambda: len(relay.accepted) > 5)
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
        wait(lambda: len(relay.accepted) == 60)
        assert end(process) == 0
    shutil.copy(backup, database)
    assert outcomes(workspace).count("accepted") < 60
    context = open_workspace(workspace)
    with pytest.raises(StoreError, match="a restored snapshot"):
        insist(context)
    context.database.dispose()


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_a_database_of_another_place_is_not_sent_from(
    workspace: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    context = open_workspace(workspace)
    insist(context)
    context.database.dispose()
    (workspace / "var/scheduler").unlink()
    arguments = ["--port", str(free_port())] if name == "serve" else []
    assert run(["-C", str(workspace), name, *arguments]) == 2
    assert "newsletter schedule --adopt" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["NEWSLETTER_METRICS_TOKEN_FILE", "NEWSLETTER_SECRET_FILE", "SENDGRID_WEBHOOK_KEY_FILE"]
)
def test_a_secret_that_pages_need_and_that_cannot_be_read_ends_the_start(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(workspace / "missing"))
    done = subprocess.run(
        command(workspace, "serve", "--port", str(free_port())),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name} names {workspace / 'missing'}, which cannot be read")
    assert {path.name for path in workspace.iterdir()} == {"logo.png", "newsletter.yaml"}


def test_the_settings_say_where_it_listens_and_plain_http_for_the_world_is_warned_of(workspace: Path) -> None:
    port = free_port()
    setting(workspace, "base_url: http://news.example.org/news")
    setting(workspace, f"serve: {{host: 0.0.0.0, port: {port}}}")
    with subprocess.Popen(
        command(workspace, "serve"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == f"Site: http://0.0.0.0:{port} for http://news.example.org/news\n"
        assert 'href="/news/static/base.css?v=' in get(f"http://127.0.0.1:{port}/news/")
        process.terminate()
        assert process.wait(60) == 0
        assert "base_url does not begin with https" in process.stderr.read()


def test_a_database_server_that_is_away_is_waited_for(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.running() as server:
        monkeypatch.setenv("NEWSLETTER_DATABASE", server.get_uri())
        engine = open_database(server.get_uri())
        engine.dispose()
        server.stop()
        log = workspace / "log.txt"
        with (
            log.open("wb") as said,
            subprocess.Popen(command(workspace, "worker"), cwd=ROOT, stderr=said) as worker,
        ):
            wait(lambda: "(tried again in 1 s)" in log.read_text())
            server.ensure_postgres_running()

            def works() -> bool:
                with reading(engine) as connection:
                    return collect(connection, datetime.now(UTC)).last_run is not None

            wait(works)
            engine.dispose()
            assert end(worker) == 0
    assert "Traceback" not in log.read_text()
