"""Postmark for tests: an HTTP server on loopback with its limits, which misbehaves when told to."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.web_fake import Fake, Handler, serving

Entry = dict[str, Any]
FIELDS = {
    *("From", "To", "ReplyTo", "Subject", "TextBody", "HtmlBody", "Headers", "Attachments"),
    *("MessageStream", "TrackOpens", "TrackLinks", "Metadata"),
}


@dataclass(frozen=True)
class Told:
    """An answer to a whole request in place of the usual one."""

    status: int
    code: int | None = None
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakePostmark(Fake):
    """What it lets in, what it answers, and what it has taken.

    `answer(number, entries)` may return another answer to the request of that number, HANG, RESET, or one of
    these with " after all", which takes the request and then says nothing of it. `judge` may say ErrorCode
    and words against one message.
    """

    token: str = "right-token"  # noqa: S105
    server: Entry = field(default_factory=lambda: {"DeliveryType": "Live", "TrackOpens": False})
    handling: str = "Custom"
    kind: str = "Broadcasts"
    answer: Callable[[int, list[Entry]], Told | str | None] = lambda _number, _entries: None
    judge: Callable[[Entry], tuple[int, str] | None] = lambda _entry: None
    asked: list[list[Entry]] = field(default_factory=list)
    taken: list[Entry] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """The address of everyone whose message has been taken, in order."""
        return [address(entry) for entry in self.taken]

    def take(self, entries: list[Entry]) -> Told | str | list[Entry]:
        """Take a request, or refuse it or some of it as Postmark would."""
        with self.lock:
            told = self.answer(len(self.asked), entries)
            self.asked.append(entries)
            if isinstance(told, Told) or (told and not told.endswith("after all")):
                return told
            results = [self._result(entry) for entry in entries]
            return told or results

    def _result(self, entry: Entry) -> Entry:
        if fault := self.judge(entry) or refusal(entry):
            return {"ErrorCode": fault[0], "Message": fault[1]}
        self.taken.append(entry)
        identity = f"{len(self.taken):08x}-e38e-4336-af7d-e6c392c2f817"
        return {"ErrorCode": 0, "Message": "OK", "MessageID": identity, "To": entry["To"]}


def address(entry: Entry) -> str:
    """Return whom a message goes to."""
    return str(entry["To"]).rpartition("<")[2].rstrip(">")


def refusal(entry: Entry) -> tuple[int, str] | None:
    """Return what Postmark has against a message (its pages on the email API and on metadata)."""
    if unknown := entry.keys() - FIELDS:
        return 403, f"Incompatible JSON: {unknown}"
    if not address(entry).isascii() or ".." in address(entry):
        return 300, f"Invalid 'To' address: '{address(entry)}'."
    if not all(set(header) == {"Name", "Value"} for header in entry["Headers"]):
        return 403, "Incompatible JSON: Headers"
    if any(len(name) > 20 or len(value) > 80 for name, value in entry["Metadata"].items()):
        return 300, "Invalid metadata content."
    return None


class _Handler(Handler):
    fake: FakePostmark

    def get(self) -> None:
        """Tell of the server, or of its stream."""
        if not self._let_in():
            return
        if self.path == "/server":
            self.say(200, self.fake.server)
        elif self.path == "/message-streams/broadcast":
            handling = {"UnsubscribeHandlingType": self.fake.handling}
            kind = {"MessageStreamType": self.fake.kind, "ArchivedAt": None}
            self.say(200, kind | {"SubscriptionManagementConfiguration": handling})
        else:
            self.say(422, {"ErrorCode": 1226, "Message": "The stream was not found."})

    def post(self, content: bytes) -> None:
        """Take a request to send."""
        entries = json.loads(content)
        if not self._let_in():
            return
        if self.path != "/email/batch" or self.headers["Content-Type"] != "application/json":
            self.say(404, None)
            return
        told = self.fake.take(entries)
        if isinstance(told, Told):
            error = None if told.code is None else {"ErrorCode": told.code, "Message": told.message}
            self.say(told.status, error, told.headers)
        elif not isinstance(told, str):
            self.say(200, told)
        else:
            self.break_off(told)

    def _let_in(self) -> bool:
        if self.headers["X-Postmark-Server-Token"] == self.fake.token:
            return True
        self.say(401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."})
        return False


def running(fake: FakePostmark) -> AbstractContextManager[FakePostmark]:
    """Run `fake` on a free port of loopback."""
    return serving(fake, _Handler)
