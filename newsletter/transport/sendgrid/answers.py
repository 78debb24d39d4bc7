"""Interpret SendGrid's answers: what one means for all messages in the request, and what to do about it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from newsletter.errors import TransportUnavailable
from newsletter.model import Outcome, readable
from newsletter.transport.sendgrid.limits import Fault

_DETAIL = 400
_LONGEST = 120  # most seconds to wait before another attempt, whatever the clocks say
_SOMEONE = re.compile(r"personalizations(\.\d+)?(\.to\b.*)?")


class Meaning(Enum):
    """The result of a request."""

    TAKEN = auto()  # accepted
    NARROW = auto()  # refused because of a recipient or its size: its halves may pass
    LATER = auto()  # not accepted, for a temporary reason
    STOP = auto()  # not accepted, and no other request would be
    LOST = auto()  # unknown, perhaps accepted


OUTCOMES = {
    Meaning.TAKEN: Outcome.ACCEPTED,
    Meaning.NARROW: Outcome.REFUSED,
    Meaning.LOST: Outcome.UNKNOWN,
}
"""The outcome of a request's messages when it is not retried; with other meanings none of them was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer: its status (0 when none came) and text; `reset` in seconds since 1970."""

    meaning: Meaning
    status: int = 0
    text: str = ""
    reset: int | None = None
    content: bytes = b""

    def wait(self, otherwise: float, now: float) -> float:
        """Return the seconds to wait before another attempt; `otherwise` if SendGrid does not say."""
        return otherwise if self.reset is None else min(max(self.reset - now, 0), _LONGEST)


def read(status: int, content: bytes, headers: Mapping[str, str]) -> Answer:
    """Parse an HTTP answer."""
    faults = _faults(content)
    reset = headers.get("X-RateLimit-Reset", "")
    return Answer(
        meaning=_meaning(status, faults),
        status=status,
        text=readable("; ".join(map(str, faults)) or content.decode("utf-8", "replace"))[:_DETAIL],
        reset=int(reset) if reset.isdecimal() else None,
        content=content,
    )


def refused_here(fault: Fault) -> Answer:
    """Return the answer that SendGrid would give to a request with `fault`."""
    return Answer(meaning=_meaning(400, [fault]), status=400, text=f"not sent: {fault}"[:_DETAIL])


def _meaning(status: int, faults: list[Fault]) -> Meaning:
    match status:
        case 202:
            return Meaning.TAKEN
        case 413:
            return Meaning.NARROW
        case 400 if faults and all(_SOMEONE.fullmatch(fault.field) for fault in faults):
            return Meaning.NARROW
        case 429:
            return Meaning.LATER
        case _ if 300 <= status < 500:  # noqa: PLR2004  the class of the code
            return Meaning.STOP
    return Meaning.LOST


def _faults(content: bytes) -> list[Fault]:
    """Return the entries of SendGrid's error document; an empty list for any other content."""
    try:
        errors = json.loads(content)["errors"]
        return [Fault(str(error.get("field") or ""), str(error["message"])) for error in errors]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


def unavailable(answer: Answer, host: str) -> TransportUnavailable:
    """Return the error that ends a run after `answer`, with a hint about what to do."""
    said = f"{answer.status or ''} {answer.text}".strip()
    match answer:
        case Answer(status=401 | 403):
            return TransportUnavailable(
                f"SendGrid refused the key or the sender: {said}",
                "Check that SENDGRID_API_KEY is a key of this account with Mail Send, that sender.address is"
                " verified there, and that the account has credits.",
            )
        case Answer(status=400):
            return TransportUnavailable(
                f"SendGrid refused the message itself: {said}",
                "The error is the same for all readers: correct it, then approve the issue again.",
            )
        case Answer(status=429):
            return TransportUnavailable(
                f"SendGrid asks to wait: {said}", "Run this again later: it goes on where it stopped."
            )
        case Answer(meaning=Meaning.LOST):
            return TransportUnavailable(
                f"SendGrid gave no clear answer: {said}",
                "Look at its status page. Then run this again: it goes on where it stopped, and what may have"
                " been sent is not sent again.",
            )
    return TransportUnavailable(
        f"{host} cannot be used: {said}",
        "Check sendgrid.host in newsletter.yaml, and this machine's network.",
    )
