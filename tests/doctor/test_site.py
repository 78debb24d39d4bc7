"""The public pages seen from outside in, over real TLS on loopback."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from newsletter.doctor import Level, site

Answer = Callable[[BaseHTTPRequestHandler], None]


def now() -> datetime:
    """Return the time, which the servers of these tests tell too."""
    return datetime.now(UTC)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Make an authority that this machine trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


@contextmanager
def pages(
    answer: Answer, authority: trustme.CA | None = None, until: datetime | None = None
) -> Iterator[str]:
    """Run a web server that answers every request by `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            answer(self)

        do_POST = do_GET  # noqa: N815  the standard library's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http"
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", not_after=until).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def say(status: int, *headers: tuple[str, str]) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (*headers, ("Content-Length", "0")):
            handler.send_header(name, value)
        handler.end_headers()

    return answer


@pytest.mark.parametrize(
    ("base_url", "level"),
    [
        ("https://news.example.org", Level.OK),
        ("http://news.example.org", Level.ERROR),
        ("http://localhost:8080", Level.WARNING),
        ("http://127.0.0.1:8080", Level.WARNING),
    ],
)
def test_links_in_mail_need_https(base_url: str, level: Level) -> None:
    assert site.https(base_url).level is level


def test_pages_with_a_trusted_certificate_pass(authority: trustme.CA) -> None:
    with pages(say(200), authority) as base:
        (found,) = site.answers(base, now())
    assert found.level is Level.OK


def test_a_certificate_that_ends_soon_is_a_warning(authority: trustme.CA) -> None:
    with pages(say(200), authority, now() + timedelta(days=5)) as base:
        (found,) = site.answers(base, now())
    assert found.level is Level.WARNING
    assert "expires" in found.text


def test_a_certificate_of_nobody_we_trust_and_pages_that_fail_are_errors() -> None:
    with pages(say(200), trustme.CA()) as base:
        (found,) = site.answers(base, now())
    assert found.level is Level.ERROR
    assert "certificate" in found.text.casefold()
    with pages(say(502)) as base:
        (found,) = site.answers(base, now())
    assert found.level is Level.ERROR


def test_clocks_apart_are_a_warning() -> None:
    with pages(say(200)) as base:
        found = {one.subject: one.level for one in site.answers(base, now() + timedelta(hours=1))}
    assert found["clock"] is Level.WARNING


@pytest.mark.parametrize(
    ("answer", "level", "said"),
    [
        (say(200), Level.OK, "at once"),
        (say(302, ("Location", "https://elsewhere.example/")), Level.ERROR, "leads on to https://elsewhere"),
        (say(405), Level.ERROR, "answers 405"),
        (say(200, ("Set-Cookie", "a=b")), Level.WARNING, "cookie"),
    ],
)
def test_a_one_click_request_is_answered_at_once(answer: Answer, level: Level, said: str) -> None:
    with pages(answer) as base:
        found = site.one_click(base, "token")
    assert found.level is level
    assert said in found.text


def test_a_one_click_address_that_nobody_reaches_is_an_error() -> None:
    with pages(say(200)) as base:
        pass
    assert site.one_click(base, "token").level is Level.ERROR
