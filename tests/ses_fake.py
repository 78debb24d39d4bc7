"""Amazon SES for tests: an HTTP server on loopback with its rules, which misbehaves when told to."""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from tests.web_fake import Fake, Handler, serving

Body = dict[str, Any]
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True)
class Told:
    """An answer in place of the usual one."""

    status: int
    kind: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeSes(Fake):
    """What it lets in, what it answers, and what it has taken.

    `answer(number, body)` may return another answer to the request of that number, HANG, RESET, or one of
    these with " after all", which takes the message and then says nothing of it.
    """

    access: str = "AKIDEXAMPLE"
    region: str = "eu-central-1"
    account: Body = field(
        default_factory=lambda: {
            "SendingEnabled": True,
            "ProductionAccessEnabled": True,
            "EnforcementStatus": "HEALTHY",
        }
    )
    identities: dict[str, Body] = field(default_factory=dict)
    sets: tuple[str, ...] = ("digest",)
    answer: Callable[[int, Body], Told | str | None] = lambda _number, _body: None
    asked: list[Body] = field(default_factory=list)
    taken: list[Body] = field(default_factory=list)
    exchanges: list[Body] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """The address of everyone whose message has been taken, in order."""
        return [body["Destination"]["ToAddresses"][0] for body in self.taken]

    @property
    def messages(self) -> list[Message]:
        """The messages taken, as a mail program reads them."""
        return [message_from_bytes(b64decode(body["Content"]["Raw"]["Data"])) for body in self.taken]

    def judge(self, body: Body) -> Told | str:
        """Take a request, or refuse it as SES would."""
        with self.lock:
            number = len(self.asked)
            self.asked.append(body)
            told = self.answer(number, body) or self.refusal(body) or Told(200)
            if told == Told(200) or (isinstance(told, str) and told.endswith("after all")):
                self.taken.append(body)
            return told

    def refusal(self, body: Body) -> Told | None:
        """Return what SES has against a request (its pages on SendEmail, raw messages and quotas)."""
        raw = body["Content"]["Raw"]["Data"]
        content = b64decode(raw, validate=True)
        if len(raw) > 40_000_000:
            return Told(400, "BadRequestException", "Message length is more than 41943040 bytes long")
        if not all(address.isascii() and "@" in address for address in body["Destination"]["ToAddresses"]):
            return Told(400, "BadRequestException", "Illegal address")
        if any(len(line) > 1_000 for line in content.split(b"\r\n")) or b"\r\n\r\n" not in content:
            return Told(400, "MessageRejected", "a line is too long")
        if not all(TAG.fullmatch(tag[key]) for tag in body.get("EmailTags", ()) for key in ("Name", "Value")):
            return Told(400, "BadRequestException", "Invalid tag")
        if body.get("ConfigurationSetName", "digest") not in self.sets:
            return Told(404, "NotFoundException", "Configuration set does not exist")
        return None


class _Handler(Handler):
    fake: FakeSes

    def get(self) -> None:
        """Tell of the account, or of an identity."""
        if not self._let_in(b""):
            return
        name = self.path.rpartition("/")[2]
        if self.path == "/v2/email/account":
            self._say(Told(200), self.fake.account)
        elif name in self.fake.identities:
            self._say(Told(200), self.fake.identities[name])
        else:
            self._say(Told(404, "NotFoundException", f"Email identity {name} does not exist."))

    def post(self, content: bytes) -> None:
        """Take a message."""
        if not self._let_in(content):
            return
        if self.path != "/v2/email/outbound-emails":
            self._say(Told(404, "UnknownOperationException"))
            return
        told = self.fake.judge(json.loads(content))
        if isinstance(told, Told):
            self._say(told, {"MessageId": f"0107-{len(self.fake.taken)}"} if told.status == 200 else None)
        else:
            self.break_off(told)

    def _let_in(self, content: bytes) -> bool:
        self.fake.exchanges.append(
            {
                "method": self.command,
                "path": self.path,
                "headers": {key.lower(): value for key, value in self.headers.items()},
                "body": content.decode(),
            }
        )
        day = self.headers["X-Amz-Date"][:8]
        scope = f"Credential={self.fake.access}/{day}/{self.fake.region}/ses/aws4_request, "
        if scope in self.headers["Authorization"]:
            return True
        self._say(
            Told(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
        )
        return False

    def _say(self, told: Told, document: Body | None = None) -> None:
        document = {"message": told.message} if document is None else document
        self.fake.exchanges[-1] |= {"status": told.status, "kind": told.kind, "answer": document}
        kind = {"x-amzn-ErrorType": told.kind} if told.kind else {}
        self.say(told.status, document, kind | told.headers)


def running(fake: FakeSes) -> AbstractContextManager[FakeSes]:
    """Run `fake` on a free port of loopback."""
    return serving(fake, _Handler)
