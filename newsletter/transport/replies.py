"""What an SMTP reply means for the message (RFC 5321 §4.2, RFC 3463)."""

import re
from dataclasses import dataclass

from newsletter.model import Outcome, Receipt

_ENHANCED = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}\s*")
_DETAIL = 400


@dataclass(frozen=True, slots=True)
class Reply:
    """One complete reply: its code, and its text with lines joined by a blank."""

    code: int
    text: str

    @property
    def ok(self) -> bool:
        """True of 2xx."""
        return 200 <= self.code < 300  # noqa: PLR2004  the class of the code

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:_DETAIL]


def receipt(reply: Reply) -> Receipt:
    """Return what `reply` makes of a message: accepted, deferred (to be tried again), or refused."""
    if reply.ok:
        outcome = Outcome.ACCEPTED
    elif 500 <= reply.code < 600:  # noqa: PLR2004  the class of the code
        outcome = Outcome.REFUSED
    else:
        outcome = Outcome.DEFERRED
    return Receipt(outcome=outcome, code=reply.code, detail=reply.text[:_DETAIL])


def parse(lines: list[bytes]) -> Reply:
    """Return the reply made of `lines`, the last of which has a blank after its code."""
    texts = [line[4:].decode("utf-8", "replace").strip() for line in lines]
    first = _ENHANCED.match(texts[0])
    rest = [_ENHANCED.sub("", text) for text in texts[1:]] if first else texts[1:]
    code = lines[-1][:3]
    return Reply(int(code) if code.isdigit() else 500, " ".join([texts[0], *rest]).strip())
