"""What an answer of a provider's web API means, whoever the provider is."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Outcome, Receipt
from newsletter.redaction import readable

LONGEST = 120  # most seconds to wait before another attempt, whatever a provider or the clocks say
_DETAIL = 400


class Meaning(Enum):
    """What an answer means for a message."""

    TAKEN = auto()  # accepted
    REFUSED = auto()  # refused for good, because of its reader or its size
    NARROW = auto()  # refused because of one in the request, or of its size: its halves may pass
    LATER = auto()  # not accepted, for a temporary reason
    STOP = auto()  # not accepted, and no other would be
    LOST = auto()  # unknown, perhaps accepted


OUTCOMES = {
    Meaning.TAKEN: Outcome.ACCEPTED,
    Meaning.REFUSED: Outcome.REFUSED,
    Meaning.NARROW: Outcome.REFUSED,
    Meaning.LOST: Outcome.UNKNOWN,
}
"""The outcome of a message that is not tried again; with other meanings it was not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer: its status (0 when none came) and words, and the seconds that it asks to wait.

    `kind` is the provider's name of an error, `document` the JSON that came, if any.
    """

    meaning: Meaning
    status: int = 0
    kind: str = ""
    text: str = ""
    after: float | None = None
    document: Any = None

    @property
    def said(self) -> str:
        """Status, kind and text in one line."""
        return " ".join(str(part) for part in (self.status, self.kind, self.text) if part)

    @property
    def receipt(self) -> Receipt | None:
        """What is recorded of the message; None when it was not sent."""
        outcome = OUTCOMES.get(self.meaning)
        return Receipt(outcome=outcome, code=self.status, detail=self.text) if outcome else None

    def wait(self, otherwise: float) -> float:
        """Return the seconds to wait before another attempt; `otherwise` if the provider does not say."""
        return otherwise if self.after is None else min(max(self.after, 0), LONGEST)


def unanswered(error: BaseException, *, sent: bool) -> Answer:
    """Return what `error` means, which came instead of an answer; `sent` if the request may have left."""
    meaning = Meaning.LOST if sent else Meaning.LATER
    return Answer(meaning=meaning, text=shown(str(error) or type(error).__name__))


def json_of(content: bytes) -> Any:
    """Return a JSON document; None if it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def shown(words: str) -> str:
    """Return a provider's words as they are kept."""
    return readable(words)[:_DETAIL]


def retry_after(text: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, which gives them or a date (RFC 9110 §10.2.3)."""
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()


def refused_for_all(service: str, answer: Answer) -> TransportUnavailable:
    """Return the error that ends a run when the fault is in what all readers get."""
    return TransportUnavailable(
        errors.Message("%(service)s refused the message itself: %(said)s", service=service, said=answer.said),
        "The error is the same for all readers: correct it, then approve the issue again.",
    )


def unavailable(service: str, settings: str, answer: Answer, host: str) -> TransportUnavailable:
    """Return the error that ends a run after an answer of no cause that is the provider's own."""
    said = answer.said
    match answer:
        case Answer(meaning=Meaning.LATER, status=status) if status:
            return TransportUnavailable(
                errors.Message("%(service)s asks to wait: %(said)s", service=service, said=said),
                "Run this again later: it goes on where it stopped.",
            )
        case Answer(meaning=Meaning.LOST):
            return TransportUnavailable(
                errors.Message("%(service)s gave no clear answer: %(said)s", service=service, said=said),
                "Look at its status page. Then run this again: it goes on where it stopped, and what may have"
                " been sent is not sent again.",
            )
        case Answer(status=400):
            return refused_for_all(service, answer)
    return TransportUnavailable(
        errors.Message("%(host)s cannot be used: %(said)s", host=host, said=said),
        errors.Message(
            "Check %(settings)s in newsletter.yaml, and this machine's network.", settings=settings
        ),
    )
