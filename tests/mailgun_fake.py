"""Mailgun for tests: an HTTP server on loopback with its rules, which misbehaves when told to."""

from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.web_fake import Fake, Handler, serving

Fields = dict[str, bytes]


@dataclass(frozen=True)
class Told:
    """An answer in place of the usual one."""

    status: int
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeMailgun(Fake):
    """Whom it lets in, what it answers, and what it has taken.

    `answer(number, fields)` may return another answer to the request of that number, HANG, RESET, or one of
    these with " after all", which takes the message and then says nothing of it. `state` is that of its
    domain; None forbids to ask.
    """

    key: str = "key-right"
    domain: str = "news.example.org"
    state: str | None = "active"
    answer: Callable[[int, Fields], Told | str | None] = lambda _number, _fields: None
    asked: list[Fields] = field(default_factory=list)
    taken: list[Fields] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """Everyone who gets a message, in order: `to` is a list, separated by commas."""
        return [one for fields in self.taken for one in fields["to"].decode().split(",")]

    def judge(self, fields: Fields) -> Told | str:
        """Take a message, or refuse it as Mailgun would."""
        with self.lock:
            number = len(self.asked)
            self.asked.append(fields)
            told = self.answer(number, fields)
            if told is None:
                told = refusal(fields) or Told(200, "Queued. Thank you.")
            if told == Told(200, "Queued. Thank you.") or (isinstance(told, str) and "after all" in told):
                self.taken.append(fields)
            return told


def refusal(fields: Fields) -> Told | None:
    """Return what Mailgun has against a request."""
    if "to" not in fields:
        return Told(400, "to parameter is missing")
    if "message" not in fields:
        return Told(400, "message parameter is missing")
    if b"@" not in fields["to"] or fields["to"].endswith(b".invalid"):
        return Told(400, "'to' parameter is not a valid address. please check documentation")
    if sum(len(value) for name, value in fields.items() if name[:2] in {"o:", "v:", "h:", "t:"}) > 16_000:
        return Told(400, "send options are too long")
    return Told(413, "message is too large") if len(fields["message"]) > 25_000_000 else None


class _Handler(Handler):
    fake: FakeMailgun

    def get(self) -> None:
        """Tell the state of the domain."""
        if self._let_in(f"/v4/domains/{self.fake.domain}"):
            forbidden = self.fake.state is None
            self.say(401 if forbidden else 200, {"domain": {"state": self.fake.state}})

    def post(self, content: bytes) -> None:
        """Take a message."""
        if not self._let_in(f"/v3/{self.fake.domain}/messages.mime"):
            return
        told = self.fake.judge(parts(self.headers["Content-Type"], content))
        if isinstance(told, Told):
            identity = (
                {"id": f"<{len(self.fake.asked)}@mailgun.test>"} if told.message[:6] == "Queued" else {}
            )
            self.say(told.status, {"message": told.message, **identity}, told.headers)
        else:
            self.break_off(told)

    def _let_in(self, path: str) -> bool:
        if self.headers["Authorization"] != "Basic " + b64encode(f"api:{self.fake.key}".encode()).decode():
            self.say(401, {"message": "Forbidden"})
        elif self.path != path:
            self.say(404, {"message": "Domain not found"})
        else:
            return True
        return False


def parts(kind: str, content: bytes) -> Fields:
    """Return the parts of a form by name; the bytes as they came."""
    form = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n", policy=policy.HTTP)
    boundary = b"--" + str(form.get_param("boundary")).encode()
    found = {}
    for piece in content.split(boundary)[1:-1]:
        head, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        one = message_from_bytes(head, _class=EmailMessage, policy=policy.HTTP)
        name = one.get_param("name", header="content-disposition")
        found[str(name)] = body.removesuffix(b"\r\n")
    return found


def running(fake: FakeMailgun) -> AbstractContextManager[FakeMailgun]:
    """Run `fake` on a free port of loopback."""
    return serving(fake, _Handler)
