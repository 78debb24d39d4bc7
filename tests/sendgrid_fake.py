"""SendGrid for tests: an HTTP server on loopback with its limits, which misbehaves when told to."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.web_fake import Fake, Handler, serving

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
class FakeSendGrid(Fake):
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


class _Handler(Handler):
    protocol_version = "HTTP/1.0"  # its client closes each connection, which Prism would reuse
    fake: FakeSendGrid

    def get(self) -> None:
        """Tell what the key may do, and which domains are authenticated."""
        if not self._let_in():
            return
        if self.path.endswith("/whitelabel/domains"):
            found = [{"domain": name, "valid": valid} for name, valid in (self.fake.domains or {}).items()]
            self.say(403 if self.fake.domains is None else 200, found)
        else:
            self.say(200, {"scopes": self.fake.scopes} if self.fake.scopes else ["hello"])

    def post(self, content: bytes) -> None:
        """Take a request to send."""
        body = json.loads(content)
        if not self._let_in():
            return
        told = self.fake.judge(body)
        if isinstance(told, Told):
            error = {"errors": [{"message": told.message, "field": told.where}]}
            self.say(told.status, None if told.status == 202 else error, told.headers)
        else:
            self.break_off(told)

    def _let_in(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {self.fake.key}":
            return True
        self.say(401, {"errors": [{"message": "authorization required", "field": None}]})
        return False


def running(fake: FakeSendGrid, port: int = 0) -> AbstractContextManager[FakeSendGrid]:
    """Run `fake` on `port` of loopback, or a free one."""
    return serving(fake, _Handler, port)
