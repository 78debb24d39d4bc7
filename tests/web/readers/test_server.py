"""Where the site listens, and that its end lets requests finish."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection

import pytest
from flask import Flask, request
from waitress import wasyncore

from newsletter.errors import ConfigError
from newsletter.web.readers import connections
from newsletter.web.readers.server import guarded, is_loopback, listen
from tests.faults.scene import wait

SLOW_SITE = """
import sys
import time
from flask import Flask, request
from newsletter.web.readers import server as module
from newsletter.web.readers.server import Server, listen, watched

module._GRACE = 90
app, watching = Flask("slow"), Flask("watching")

@watching.get("/health")
def health():
    return "well"

@app.get("/slow")
def slow():
    print("asked", flush=True)
    sys.stdin.readline()
    return "done"

@app.get("/fast")
def fast():
    return request.script_root

@app.get("/desk/stamp")
def stamp():
    print("asked", flush=True)
    time.sleep(90)

@app.post("/large")
@app.post("/desk/picture")
def large():
    return str(len(request.get_data()))

with listen("127.0.0.1", 0) as listening, listen("127.0.0.1", 0) as door, watched(watching, door):
    server = Server(app, listening, sys.argv[1], desk="/desk/")
    print(listening.getsockname()[1], door.getsockname()[1], flush=True)
    server.run()
print("ended", flush=True)
"""


@contextmanager
def slow_site(base_url: str = "https://news.example.org") -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """Run a site with a slow page in a process of its own; give the process, its port and that of health."""
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_SITE, base_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            port, door = map(int, process.stdout.readline().split())
            yield process, port, door
        finally:
            process.kill()


def fetch(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def accepts(port: int) -> bool:
    """Tell whether a connection is accepted: not refused, nor reset in the queue of a closing listener."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return False
    return True


def test_a_request_that_is_being_answered_at_the_end_still_is() -> None:
    with slow_site() as (process, port, _):
        answers: list[str] = []
        visitor = threading.Thread(target=lambda: answers.append(fetch(port, "/slow")))
        visitor.start()
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        wait(lambda: not accepts(port))
        process.stdin.write("\n")
        process.stdin.flush()
        visitor.join(30)
        assert answers == ["done"]
        assert process.wait(30) == 0
        assert process.stdout.read() == "ended\n"
        assert process.stderr.read() == ""


def test_it_ends_soon_while_connections_are_kept_that_ask_nothing() -> None:
    with slow_site() as (process, port, _), socket.create_connection(("127.0.0.1", port)) as idle:
        idle.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 404")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, "before it would give up on answers"


def test_health_is_answered_while_every_thread_of_the_site_is_busy() -> None:
    with slow_site() as (process, port, door), ExitStack() as stack:
        assert process.stdout
        for _ in range(6):
            visitor = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            visitor.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        process.stdout.readline()
        assert fetch(door, "/health") == "well"


def test_boards_that_wait_for_a_change_keep_neither_pages_nor_the_end_waiting() -> None:
    with slow_site() as (process, port, _), ExitStack() as stack:
        assert process.stdout
        for _ in range(6):
            board = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            board.sendall(b"GET /desk/stamp?at=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert process.stdout.readline() == "asked\n"
        assert fetch(port, "/fast") == ""
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, "before it would give up on answers"


@contextmanager
def site(most: int, each: int | None) -> Iterator[int]:
    """Run a page in a thread of its own, with limits of connections; give its port."""
    app, ended = Flask("small"), threading.Event()
    channels: dict[int, wasyncore.dispatcher] = {}
    app.add_url_rule("/", view_func=lambda: "here")
    app.add_url_rule("/", "post", lambda: str(len(request.get_data())), methods=["POST"])
    with listen("127.0.0.1", 0) as listening:
        server = guarded(app, listening, channels, threads=1, most=most, each=each)

        def run() -> None:
            while not ended.is_set():
                wasyncore.loop(timeout=1, use_poll=True, map=channels, count=1)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            server.pull_trigger()
            thread.join()
            server.task_dispatcher.shutdown()
            wasyncore.close_all(channels)


def trickle(stack: ExitStack, port: int, number: int, host: str = "127.0.0.1") -> list[socket.socket]:
    """Open connections that send the beginning of a request, and no end."""
    found = []
    for _ in range(number):
        visitor = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30, (host, 0)))
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        found.append(visitor)
    return found


def hears(visitor: socket.socket) -> bool:
    """Tell whether the page comes."""
    heard = b""
    while not heard.endswith(b"here") and (more := visitor.recv(1000)):
        heard += more
    return heard.endswith(b"here")


@pytest.mark.parametrize(("most", "each"), [(20, None), (1000, 20)], ids=["all together", "one address"])
def test_more_connections_than_there_may_be_that_ask_nothing_stop_no_page(
    most: int, each: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_HEAD", 1000)
    with site(most, each) as port, ExitStack() as stack:
        mine = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30, ("127.0.0.2", 0)))
        mine.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert hears(mine)
        slow = trickle(stack, port, 60)
        assert fetch(port, "/") == "here"
        assert slow[0].recv(1) == b"", "who waited longest gave way"
        slow[-1].sendall(b"x\r\n\r\n")
        assert hears(slow[-1]), "who is not yet late is still served"
        mine.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert hears(mine), "a kept connection gives way after those that never asked"


def test_one_address_leaves_room_for_others() -> None:
    with site(1000, 20) as port, ExitStack() as stack:
        others = trickle(stack, port, 5, "127.0.0.2")
        trickle(stack, port, 60)
        for visitor in others:
            visitor.sendall(b"x\r\n\r\n")
            assert hears(visitor)


@pytest.mark.parametrize("part", ["nothing", "headers", "body"])
def test_a_request_that_does_not_arrive_in_time_is_given_up(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_HEAD", 0.3)
    monkeypatch.setattr(connections, "_BODY", 0.3)
    with site(20, None) as port, ExitStack() as stack:
        visitor = stack.enter_context(socket.create_connection(("127.0.0.1", port), 0.1))
        begun = time.monotonic()
        if part == "body":
            visitor.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        with suppress(ConnectionError):
            while time.monotonic() < begun + 30:
                if part != "nothing":
                    visitor.sendall(b"x")
                with suppress(TimeoutError):
                    assert visitor.recv(1) == b""
                    break
        assert time.monotonic() < begun + 20
        assert fetch(port, "/") == "here"


def test_a_path_of_base_url_is_where_the_pages_are() -> None:
    with slow_site("https://auc.org.ua/news") as (_, port, _):
        assert fetch(port, "/news/fast") == "/news"


def test_a_body_that_nobody_may_send_is_not_read() -> None:
    with slow_site() as (_, port, _), socket.create_connection(("127.0.0.1", port), 30) as visitor:
        visitor.sendall(b"POST /large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
        assert visitor.recv(100).startswith(b"HTTP/1.1 413")


def test_only_where_editors_send_files_a_body_may_be_large() -> None:
    with slow_site("https://auc.org.ua/news") as (_, port, _):
        codes = {}
        for path in ("/news/large", "/news/desk/picture", "/desk/picture"):
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.putrequest("POST", path)
            connection.putheader("Content-Length", str(3 << 20))
            connection.endheaders()
            with suppress(ConnectionError):  # a refusal comes before the body is read
                connection.send(b"x" * (3 << 20))
            codes[path] = connection.getresponse().status
            connection.close()
    assert codes == {"/news/large": 413, "/news/desk/picture": 200, "/desk/picture": 413}


def test_the_server_does_not_say_what_it_is() -> None:
    with slow_site() as (_, port, _), socket.create_connection(("127.0.0.1", port), 30) as visitor:
        visitor.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = b"".join(iter(lambda: visitor.recv(1000), b""))
        assert not re.search(rb"(?i)^server:|waitress", head, re.MULTILINE)


def test_a_port_that_is_taken_is_an_error_in_words() -> None:
    message = "is in use, perhaps by another `newsletter serve`"
    with listen("127.0.0.1", 0) as first, pytest.raises(ConfigError, match=message):
        listen("127.0.0.1", first.getsockname()[1])


def test_a_host_that_is_none_of_ours_is_an_error_in_words() -> None:
    with pytest.raises(ConfigError, match="there is no host named"):
        listen("nowhere.invalid", 8080)
    with pytest.raises(ConfigError, match=r"192.0.2.1, port 8080 cannot be used: Cannot assign"):
        listen("192.0.2.1", 8080)


def test_it_listens_on_ipv6_too() -> None:
    with listen("::1", 0) as listening:
        assert is_loopback(listening.getsockname()[0])


@pytest.mark.parametrize(
    ("address", "so"),
    [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("x", False)],  # noqa: S104  looked at only
)
def test_it_knows_what_only_this_machine_reaches(address: str, so: bool) -> None:
    assert is_loopback(address) is so
