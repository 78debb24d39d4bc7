"""Mailgun's API for finished messages, without the network: build a request, check it, interpret the answer.

Mailgun passes our message on with our own headers, and signs it with DKIM besides. The recipient and our
number of the delivery are fields beside it. Limits and answers as of its pages Send via HTTP and API Response
Codes (read 2026-11).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Outcome, Receipt
from newsletter.redaction import readable

SIZE = 25_000_000
"""The most bytes of a message."""

_ONE = re.compile(r"[^\s,;:<>()\"\\]+@[^\s,;:<>()\"\\@]+")  # `to` is a list: a comma would make it two
_NOT_A_READER = re.compile(r"'?to'? parameter is not a valid address", re.IGNORECASE)
_DETAIL = 400
_LONGEST = 120  # most seconds to wait before another attempt


def fields(message: Message) -> dict[str, str]:
    """Return the fields beside the message: whom it is for, no tracking, and our number of the delivery."""
    return {
        "to": message.rcpt_to,
        "o:tracking": "no",
        "o:tracking-clicks": "no",  # these two outrank what is set for the domain
        "o:tracking-opens": "no",
        "v:delivery_id": f"{message.shared.issue}:{message.subscriber}",
    }


class Meaning(Enum):
    """The result of a request."""

    TAKEN = auto()  # accepted
    REFUSED = auto()  # refused because of the recipient or the size
    LATER = auto()  # not accepted, for a temporary reason
    STOP = auto()  # not accepted, and no other message would be
    LOST = auto()  # unknown, perhaps accepted


OUTCOMES = {
    Meaning.TAKEN: Outcome.ACCEPTED,
    Meaning.REFUSED: Outcome.REFUSED,
    Meaning.LOST: Outcome.UNKNOWN,
}
"""The outcome of a message that is not tried again; with other meanings it was not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer: its status (0 when none came), its words, and the seconds that it asks to wait."""

    meaning: Meaning
    status: int = 0
    text: str = ""
    after: float | None = None

    @property
    def receipt(self) -> Receipt | None:
        """What is recorded of the message; None when it was not sent."""
        outcome = OUTCOMES.get(self.meaning)
        return Receipt(outcome=outcome, code=self.status, detail=self.text) if outcome else None


def refuse(message: Message) -> Answer | None:
    """Return the refusal that Mailgun would give to `message`, or None."""
    if not _ONE.fullmatch(message.rcpt_to):
        return Answer(meaning=Meaning.REFUSED, status=400, text="not sent: not one address")
    if message.size > SIZE:
        return Answer(meaning=Meaning.REFUSED, status=413, text=f"not sent: more than {SIZE} bytes")
    return None


def read(status: int, content: bytes, headers: Mapping[str, str], now: datetime) -> Answer:
    """Parse an HTTP answer."""
    document = _document(content)
    identity, words = str(document.get("id") or ""), str(document.get("message") or "")
    after = _seconds(headers.get("Retry-After", ""), now)
    return Answer(
        meaning=_meaning(status, identity, words, asks=after is not None),
        status=status,
        text=readable(f"{words} {identity}".strip() or content.decode("utf-8", "replace"))[:_DETAIL],
        after=after,
    )


def _meaning(status: int, identity: str, words: str, *, asks: bool) -> Meaning:
    match status:
        case 200 if identity:  # without it, it was another page than the one for messages
            return Meaning.TAKEN
        case 400 | 413 if status == 413 or _NOT_A_READER.search(words):  # noqa: PLR2004  too large
            return Meaning.REFUSED
        case 429 | 503 if status == 429 or asks:  # noqa: PLR2004  503 with a time: not handled (RFC 9110 §15.6.4)
            return Meaning.LATER
        case _ if 300 <= status < 500:  # noqa: PLR2004  the class of the code
            return Meaning.STOP
    return Meaning.LOST


def _document(content: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, which gives them or a date (RFC 9110 §10.2.3)."""
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), _LONGEST)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0), _LONGEST)


def unavailable(answer: Answer, host: str) -> TransportUnavailable:
    """Return the error that ends a run after `answer`, with a hint about what to do."""
    said = f"{answer.status or ''} {answer.text}".strip()
    match answer:
        case Answer(status=401 | 402 | 403):
            return TransportUnavailable(
                errors.Message("Mailgun refused the key or the account: %(said)s", said=said),
                "Check that MAILGUN_API_KEY is a key of mailgun.domain, that the domain is verified there,"
                " and that the account is paid.",
            )
        case Answer(status=404):
            return TransportUnavailable(
                errors.Message("Mailgun does not know the domain: %(said)s", said=said),
                "Check mailgun.domain in newsletter.yaml; of a domain in the EU, mailgun.host is"
                " https://api.eu.mailgun.net.",
            )
        case Answer(status=400):
            return TransportUnavailable(
                errors.Message("Mailgun refused the message itself: %(said)s", said=said),
                "The error is the same for all readers: correct it, then approve the issue again.",
            )
        case Answer(status=429 | 503, meaning=Meaning.LATER):
            return TransportUnavailable(
                errors.Message("Mailgun asks to wait: %(said)s", said=said),
                "Run this again later: it goes on where it stopped.",
            )
        case Answer(meaning=Meaning.LOST):
            return TransportUnavailable(
                errors.Message("Mailgun gave no clear answer: %(said)s", said=said),
                "Look at its status page. Then run this again: it goes on where it stopped, and what may have"
                " been sent is not sent again.",
            )
    return TransportUnavailable(
        errors.Message("%(host)s cannot be used: %(said)s", host=host, said=said),
        "Check mailgun.host in newsletter.yaml, and this machine's network.",
    )
