"""Postfix's own smtp-sink, which breaks at every verb; and greetings that no relay should give.

The sink keeps what it received up to the final dot; the second sending goes to one without a fault.
"""

import asyncio
import os
import re
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.errors import TransportUnavailable
from newsletter.model import IssueState
from newsletter.sending.pace import EQUAL_ERRORS
from newsletter.store import issues
from newsletter.store.audience import members
from newsletter.store.db import reading, writing
from newsletter.transport.smtp import client as smtp
from newsletter.transport.smtp.client import Smtp
from tests.faults.scene import free_port
from tests.sending import house

SINK = Path("/usr/sbin/smtp-sink")
READERS, CONNECTIONS = 12, 3
SOON = timedelta(minutes=7)  # when those may be tried again who were put off
_RECIPIENT = re.compile(r"^X-Rcpt-Args: <(\S+)>", re.MULTILINE)

needs_sink = pytest.mark.skipif(not SINK.exists(), reason="smtp-sink is not installed (Debian: postfix)")


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try a relay again at once, and twice only."""
    monkeypatch.setattr(smtp, "_PATIENCE", (0, 0))


@pytest.fixture
def issue(sqlite_engine: Engine) -> Engine:
    """Approve the small issue."""
    house.people(sqlite_engine, READERS)
    house.approve(sqlite_engine)
    return sqlite_engine


@contextmanager
def sink(*options: str) -> Iterator[tuple[int, Callable[[], Counter[str]]]]:
    """Run smtp-sink; give its port, and what says how often each recipient's message has come."""
    port = free_port()
    user = ("-u", "nobody") if os.getuid() == 0 else ()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)  # so that nobody may write
        dump = Path(folder) / "received"
        command = [str(SINK), *user, *options, "-D", str(dump), f"127.0.0.1:{port}", "20"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                _wait_until_it_listens(port)
                yield (
                    port,
                    lambda: Counter(_RECIPIENT.findall(dump.read_text() if dump.exists() else "")),
                )
            finally:
                process.kill()


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with (
            suppress(ConnectionRefusedError, ConnectionResetError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            return
        time.sleep(0.01)


def send(engine: Engine, port: int, *, later: timedelta = timedelta(), timeout: float = 2) -> str:
    """Send what is due; return why it could not be, if so."""
    transport = Smtp(host="127.0.0.1", port=port, security="none", connections=CONNECTIONS, timeout=timeout)
    try:
        house.send(engine, transport, later=later)
    except TransportUnavailable as error:
        return str(error)
    return ""


def ledger(engine: Engine) -> dict[str, str]:
    """Return each reader's outcome; empty when there is none."""
    with reading(engine) as connection:
        return {member.email: member.state for member in members(connection, house.NAME)}


def judge(engine: Engine, certain: Counter[str], unknown: int, *, later: timedelta = SOON) -> None:
    """Send what is left to a sound sink, and hold what came against the ledger.

    `certain` is what an earlier sink has said it took.
    """
    with sink() as (port, came):
        assert send(engine, port, later=later) == ""
        arrived = certain + came()
    outcomes = ledger(engine)
    lost = [
        reader
        for reader, outcome in outcomes.items()
        if outcome not in ("accepted", "refused", "unknown")
        or (outcome == "accepted" and arrived[reader] != 1)
    ]
    assert lost == []
    assert [reader for reader, times in arrived.items() if times > 1] == []
    assert [reader for reader in arrived if outcomes[reader] not in ("accepted", "unknown")] == []
    assert list(outcomes.values()).count("unknown") <= unknown


@needs_sink
@pytest.mark.parametrize("how", ["-q", "-Q"])
@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_relay_that_hangs_up_before_a_body_has_taken_nothing(issue: Engine, how: str, verb: str) -> None:
    with sink(how, verb) as (port, came):
        assert send(issue, port) != ""
        assert came() == {}
    assert set(ledger(issue).values()) == {""}, "everybody is as if not tried"
    judge(issue, Counter(), unknown=0)


@needs_sink
def test_a_relay_that_hangs_up_after_every_body_stops_the_sending_and_nobody_gets_two(
    sqlite_engine: Engine,
) -> None:
    house.people(sqlite_engine, 3 * EQUAL_ERRORS)
    house.approve(sqlite_engine)
    with sink("-q", ".") as (port, came):
        send(sqlite_engine, port)
        received = came()
    unknown = {reader for reader, outcome in ledger(sqlite_engine).items() if outcome == "unknown"}
    assert set(received) <= unknown, "what it received it may have kept"
    assert house.state(sqlite_engine) == "paused"
    assert len(unknown) <= EQUAL_ERRORS + 2 * CONNECTIONS
    with writing(sqlite_engine) as connection:
        issues.change_state(connection, house.NAME, IssueState.SENDING, among=[IssueState.PAUSED])
    judge(sqlite_engine, received, unknown=len(unknown))


@needs_sink
def test_a_421_after_a_body_is_a_refusal_for_now(issue: Engine) -> None:
    with sink("-Q", ".") as (port, _):
        send(issue, port)
    assert set(ledger(issue).values()) == {"deferred"}
    judge(issue, Counter(), unknown=0)


@needs_sink
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(("how", "outcome"), [("-r", "deferred"), ("-f", "refused")])
def test_a_refusal_at_any_verb_is_taken_at_its_word(issue: Engine, how: str, verb: str, outcome: str) -> None:
    with sink(how, verb) as (port, _):
        assert send(issue, port) == ""
    assert set(ledger(issue).values()) == {outcome}
    judge(issue, Counter(), unknown=0)


@needs_sink
@pytest.mark.parametrize("how", ["-r", "-f"])
def test_a_relay_that_knows_no_ehlo_is_greeted_the_old_way(issue: Engine, how: str) -> None:
    with sink(how, "EHLO") as (port, came):
        assert send(issue, port) == ""
        judge(issue, came(), unknown=0)


@needs_sink
@pytest.mark.parametrize("how", ["-r", "-f"])
def test_a_relay_that_takes_no_greeting_has_taken_nothing(issue: Engine, how: str) -> None:
    with sink(how, "EHLO,HELO") as (port, came):
        assert send(issue, port) != ""
        assert came() == {}
    judge(issue, Counter(), unknown=0)


@needs_sink
@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_a_relay_that_is_too_slow_before_a_body_has_taken_nothing(issue: Engine, verb: str) -> None:
    with sink("-W", f"{verb}:20") as (port, came):
        assert send(issue, port, timeout=0.2) != ""
        assert came() == {}
    judge(issue, Counter(), unknown=0)


@needs_sink
def test_a_relay_may_take_its_time_over_a_body(issue: Engine) -> None:
    with sink("-W", ".:1") as (port, came):
        assert send(issue, port, timeout=1) == ""
        received = came()
    assert set(ledger(issue).values()) == {"accepted"}
    judge(issue, received, unknown=0)


GREETINGS = {
    "no service": b"421 4.3.2 not now\r\n",
    "refused": b"554 5.7.1 not you\r\n",
    "no SMTP": b"\x16\x03\x01\x00\xfe\xff\n\n\nHTTP/1.1 400 Bad Request\r\n\r\n",
    "without an end": b"220-" + b"x" * 100_000,
    "silence": b"",
    "good, and then nothing": b"220 relay.test ESMTP\r\n",
}


@contextmanager
def greeter(greeting: bytes, *, hang: bool) -> Iterator[int]:
    """Greet whoever comes with `greeting`; then keep silent, or hang up once something was said."""

    class Greeter(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.sendall(greeting)
                while hang and self.request.recv(4096):
                    continue

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Greeter) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("greeting", GREETINGS)
@pytest.mark.parametrize("hang", [False, True], ids=["closes", "hangs"])
def test_whatever_a_relay_greets_with_nothing_is_sent_and_the_cure_is_named(
    issue: Engine, greeting: str, hang: bool
) -> None:
    with greeter(GREETINGS[greeting], hang=hang) as port:
        transport = Smtp(host="127.0.0.1", port=port, security="none", timeout=0.2)
        with pytest.raises(TransportUnavailable) as caught:
            asyncio.run(transport.check())
        assert "smtp." in caught.value.hint
        assert send(issue, port, timeout=0.2) != ""
    assert set(ledger(issue).values()) == {""}
