"""SendGrid for tests: an HTTP server on loopback with its limits, which misbehaves when told to."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG, RESET = "hang", "reset"
"""Answers that are none: keep silent, or break the connection off."""

Body = dict[str, Any]
RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
    *("to", "from", "subject", "reply-to", "cc", "bcc"),
}


@dataclass(frozen=True)
class Told:
    """An answer in place of the usual one."""

    status: int
    message: str = ""
    where: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeSendGrid:
    """What it lets in, what it answers, and what it has taken.

    `answer(number, body)` may return another answer to the request of that number, HANG, RESET, or one of
    these with " after all", which takes the request and then says nothing of it. `domains` are those that
    its account has authenticated, each with whether their records were verified; None forbids to ask.
    """

    key: str = "SG.right"
    scopes: tuple[str, ...] | None = ("mail.send", "alerts.read")
    domains: dict[str, bool] | None = None
    answer: Callable[[int, Body], Told | str | None] = lambda _number, _body: None
    asked: list[Body] = field(default_factory=list)
    taken: list[Body] = field(default_factory=list)
    host: str = ""
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def recipients(self) -> list[str]:
        """The address of everyone whose message has been taken, in order."""
        return [person["to"][0]["email"] for body in self.taken for person in body["personalizations"]]

    @property
    def slices(self) -> list[int]:
        """How many people were in each request taken, the largest first."""
        return sorted((len(body["personalizations"]) for body in self.taken), reverse=True)

    def judge(self, body: Body) -> Told | str:
        """Take a request, or refuse it as SendGrid would."""
        with self.lock:
            number = len(self.asked)
            self.asked.append(body)
            told = self.answer(number, body)
            if told is None:
                told = refusal(body) or Told(202)
            if told == Told(202) or (isinstance(told, str) and told.endswith("after all")):
                self.taken.append(body)
            return told


def refusal(body: Body) -> Told | None:  # noqa: PLR0911  a return a rule
    """Return what SendGrid has against a request (its pages on errors and limitations)."""
    people = body["personalizations"]
    addresses = [one["email"].lower() for person in people for one in person["to"]]
    headers = {name.lower() for person in people for name in person.get("headers", {})}
    if not 0 < len(people) <= 1000:
        return Told(400, "The personalization block is limited to 1000.", "personalizations")
    if len(set(addresses)) < len(addresses):
        return Told(400, "Each unique email address should only be included once.", "personalizations")
    for number, person in enumerate(people):
        if "@" not in person["to"][0]["email"] or not person["to"][0]["email"].isascii():
            return Told(400, "Does not contain a valid address.", f"personalizations.{number}.to.0.email")
        if set(person["to"][0].get("name", "")) & set(";,"):
            return Told(400, "The name may not contain ; or ,", f"personalizations.{number}.to.0.name")
    if headers & RESERVED:
        return Told(400, "You may not override this header.", "headers")
    if [part["type"] for part in body["content"]] != ["text/plain", "text/html"]:
        return Told(400, "text/plain must be first, followed by text/html", "content")
    if not body["subject"]:
        return Told(400, "The subject is required.", "subject")
    return None


class _Handler(BaseHTTPRequestHandler):
    fake: FakeSendGrid

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: tests look at what has been asked."""

    def do_GET(self) -> None:
        """Tell what the key may do, and which domains are authenticated."""
        if not self._let_in():
            return
        if self.path.endswith("/whitelabel/domains"):
            found = [{"domain": name, "valid": valid} for name, valid in (self.fake.domains or {}).items()]
            self._say(Told(403) if self.fake.domains is None else Told(200), found)
        else:
            self._say(Told(200), {"scopes": self.fake.scopes} if self.fake.scopes else ["hello"])

    def do_POST(self) -> None:
        """Take a request to send."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._let_in():
            return
        told = self.fake.judge(body)
        if isinstance(told, Told):
            error = {"errors": [{"message": told.message, "field": told.where}]}
            self._say(told, None if told.status == 202 else error)
        elif told.startswith(HANG):
            self.fake.closing.wait()
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _let_in(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {self.fake.key}":
            return True
        self._say(Told(401), {"errors": [{"message": "authorization required", "field": None}]})
        return False

    def _say(self, told: Told, document: object) -> None:
        content = b"" if document is None else json.dumps(document).encode()
        self.send_response(told.status)
        kind = {} if document is None else {"Content-Type": "application/json"}
        for name, value in (kind | told.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    request_queue_size = 50

    def handle_error(self, request: object, address: object) -> None:
        """Say nothing of connections that end early: tests break them off on purpose."""


@contextmanager
def running(fake: FakeSendGrid, port: int = 0) -> Iterator[FakeSendGrid]:
    """Run `fake` in threads of its own, on `port` of loopback or a free one."""
    server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"fake": fake}))
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
