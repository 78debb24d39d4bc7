"""A site on loopback for tests of fetching: pages and feeds by path, with what a server may do wrong."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

from newsletter.fetching import Fetcher, Ip


@dataclass
class Reply:
    """What is answered: a status, a content, and headers; `hangs` sends nothing until the site ends."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False


@dataclass
class Site:
    """Replies by path; what was asked for: (host, path, headers); what was posted: (path, headers, body)."""

    port: int
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    posted: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, host: str = "news.example") -> str:
        """Return the address of a path."""
        return f"http://{host}:{self.port}{path}"

    def put(self, path: str, content: bytes | str, **headers: str) -> None:
        """Let the site answer with this at `path`."""
        data = content.encode() if isinstance(content, str) else content
        self.replies[path] = Reply(
            data, headers={name.replace("_", "-"): said for name, said in headers.items()}
        )

    def fetcher(self, agent: str) -> Fetcher:
        """Return a fetcher for which every name ending in .example is this site, and nothing else is."""
        return Fetcher(agent, resolve=addresses, admits=is_loopback, ports={self.port}, kept=2)


def is_loopback(ip: Ip) -> bool:
    """Admit the loopback address of the tests' site alone."""
    return ip == ip_address("127.0.0.1")


async def addresses(host: str) -> list[str]:
    """Resolve .example to the site, and .inside to a private network."""
    return ["127.0.0.1"] if host.endswith(".example") else ["127.0.0.1", "10.0.0.1"]


@contextmanager
def serving() -> Iterator[Site]:
    """Serve a site until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            site.posted.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.do_GET()

        def do_GET(self) -> None:
            site.asked.append(
                (self.headers["Host"], self.path, {k.lower(): v for k, v in self.headers.items()})
            )
            reply = site.replies.get(self.path, Reply(b"", 404))
            if reply.hangs:
                site.ended.wait()
                return
            if (tag := reply.headers.get("ETag")) and self.headers.get("If-None-Match") == tag:
                reply = Reply(b"", 304, {"ETag": tag})
            self.send_response(reply.status)
            for name, said in reply.headers.items():
                self.send_header(name, said)
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            with suppress(ConnectionError):  # who asked has read enough
                self.wfile.write(reply.content)

        log_message: Callable[..., None] = lambda *_words: None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def bomb(size: int) -> bytes:
    """Return zeros packed so that they are a thousandth of `size`."""
    return gzip.compress(bytes(size), 9)
