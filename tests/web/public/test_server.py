"""Where the site listens, and that its end lets requests finish."""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from newsletter.errors import ConfigError
from newsletter.web.public.server import is_loopback, listen
from tests.faults.scene import wait

SLOW_SITE = """
import sys
from flask import Flask, request
from newsletter.web.public.server import Server, listen

app = Flask("slow")

@app.get("/slow")
def slow():
    print("asked", flush=True)
    sys.stdin.readline()
    return "done"

@app.get("/fast")
def fast():
    return request.script_root

@app.post("/large")
def large():
    return str(len(request.get_data()))

with listen("127.0.0.1", 0) as listening:
    server = Server(app, listening, sys.argv[1])
    print(listening.getsockname()[1], flush=True)
    server.run()
print("ended", flush=True)
"""


@contextmanager
def slow_site(base_url: str = "https://news.example.org") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a site with a slow page in a process of its own; give the process and its port."""
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_SITE, base_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def fetch(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_request_that_is_being_answered_at_the_end_still_is() -> None:
    with slow_site() as (process, port):
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
    with slow_site() as (process, port), socket.create_connection(("127.0.0.1", port)) as idle:
        idle.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 404")
        process.send_signal(signal.SIGINT)
        assert process.wait(9) == 0, "before it would give up on answers"


def test_a_path_of_base_url_is_where_the_pages_are() -> None:
    with slow_site("https://auc.org.ua/news") as (_, port):
        assert fetch(port, "/news/fast") == "/news"


def test_a_body_that_nobody_may_send_is_not_read() -> None:
    with slow_site() as (_, port), socket.create_connection(("127.0.0.1", port), 30) as visitor:
        visitor.sendall(b"POST /large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
        assert visitor.recv(100).startswith(b"HTTP/1.1 413")


def test_the_server_does_not_say_what_it_is() -> None:
    with slow_site() as (_, port), socket.create_connection(("127.0.0.1", port), 30) as visitor:
        visitor.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = b"".join(iter(lambda: visitor.recv(1000), b""))
        assert not re.search(rb"(?i)^server:|waitress", head, re.MULTILINE)


def test_a_port_that_is_taken_is_an_error_in_words() -> None:
    message = "is taken, perhaps by another `newsletter serve`"
    with listen("127.0.0.1", 0) as first, pytest.raises(ConfigError, match=message):
        listen("127.0.0.1", first.getsockname()[1])


def test_a_host_that_is_none_of_ours_is_an_error_in_words() -> None:
    with pytest.raises(ConfigError, match="no host is named"):
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
