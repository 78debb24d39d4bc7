"""What the providers' servers for tests share: HTTP on loopback, which misbehaves when told to."""

import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

HANG, RESET = "hang", "reset"
"""Answers that are none: keep silent, or break the connection off."""


@dataclass(kw_only=True)
class Fake:
    """Where a server listens, and how many connections it has had."""

    connections: int = 0
    host: str = ""
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


F = TypeVar("F", bound=Fake)


class Handler(BaseHTTPRequestHandler):
    """A connection to a server; connections stay open."""

    protocol_version = "HTTP/1.1"
    fake: Fake

    def setup(self) -> None:
        """Count connections."""
        super().setup()
        with self.fake.lock:
            self.fake.connections += 1

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: tests look at what has been asked."""

    def get(self) -> None:
        """Answer a GET."""
        raise NotImplementedError

    def post(self, content: bytes) -> None:
        """Answer a POST of `content`."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Answer a GET."""
        self.get()

    def do_POST(self) -> None:
        """Read what is posted, and answer."""
        self.post(self.rfile.read(int(self.headers["Content-Length"])))

    def say(self, status: int, document: object, headers: Mapping[str, str] | None = None) -> None:
        """Answer with a JSON document, or with nothing for None."""
        content = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        kind = {} if document is None else {"Content-Type": "application/json"}
        for name, value in {**kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def break_off(self, how: str) -> None:
        """Answer nothing: keep silent until the server stops, or reset the connection."""
        self.close_connection = True
        if how.startswith(HANG):
            self.fake.closing.wait()
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 50

    def handle_error(self, request: object, address: object) -> None:
        """Say nothing of connections that end early: tests break them off on purpose."""


@contextmanager
def serving(fake: F, handler: type[Handler], port: int = 0) -> Iterator[F]:
    """Run `fake` in threads of its own, on `port` of loopback or a free one."""
    server = _Server(("127.0.0.1", port), type("Handler", (handler,), {"fake": fake}))
    fake.host = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield fake
    finally:
        fake.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
