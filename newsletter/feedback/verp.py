"""VERP: identify the delivery that a mail is about, by the signed tokens in it, and how far to trust it.

Nothing else in a mail is trusted, least of all addresses: anybody can write them. The envelope sender and the
header for reports (CFBL-Feedback-ID, RFC 9477 §3.2) are seen only by servers, and by readers in the source of
their own message: a token there is proof. Message-ID is in every reply, and links are in every forwarded
message: a token there only identifies the delivery.
"""

import re
from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple

from newsletter.errors import LinkInvalid
from newsletter.feedback.dsn import LIMIT, own_parts, text
from newsletter.links import Purpose, Signer
from newsletter.names import IssueName

_RECIPIENTS = (
    "Delivered-To",
    "X-Original-To",
    "X-Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Rcpt-To",
    "To",
    "Cc",
    "Received",
)
_TOKEN = r"([A-Za-z0-9_-]{31})(?![A-Za-z0-9_-])"  # noqa: S105  the format that newsletter/links.py produces
_ADDRESS = re.compile(rf"\b([bu])\+{_TOKEN}@")
_MARKS = (  # proofs come first
    (Purpose.BOUNCE, re.compile(rf"\bb\+{_TOKEN}")),
    (Purpose.REPORT, re.compile(rf"^[> \t]*CFBL-Feedback-ID:\s*{_TOKEN}", re.IGNORECASE | re.MULTILINE)),
    (Purpose.UNSUBSCRIBE, re.compile(rf"(?:\bu\+|/unsubscribe/){_TOKEN}")),
    (Purpose.MESSAGE, re.compile(rf"\d{{4}}-\d\d-\d\d(?:\+\d+)?\.{_TOKEN}")),
)
_PROOFS = (Purpose.BOUNCE, Purpose.REPORT)


class DeliveryRef(NamedTuple):
    """The delivery of one issue to one subscriber, and the purpose of the token that identified it."""

    subscriber: int
    issue: IssueName
    purpose: Purpose

    @property
    def proven(self) -> bool:
        """Whether only a mail server on the way, or the reader, can know the token."""
        return self.purpose in _PROOFS


def addressed(message: Message, signer: Signer) -> DeliveryRef | None:
    """Return the delivery whose signed address (VERP or unsubscribe) the mail was sent to, or None."""
    for name in _RECIPIENTS:
        for value in message.get_all(name, []):
            for mark, token in _ADDRESS.findall(value):
                purpose = Purpose.BOUNCE if mark == "b" else Purpose.UNSUBSCRIBE
                if found := _read(signer, purpose, token):
                    return found
    return None


def mentioned(content: bytes, message: Message, signer: Signer) -> DeliveryRef | None:
    """Return the delivery that a mail returns or quotes, by its most trusted valid token, or None."""
    texts = list(_texts(content, message))
    for purpose, mark in _MARKS:
        for said in texts:
            for token in mark.findall(said):
                if found := _read(signer, purpose, token):
                    return found if found.proven else _in_small_letters(found, texts, signer)
    return None


def _in_small_letters(found: DeliveryRef, texts: list[str], signer: Signer) -> DeliveryRef:
    """Return `found` as proven if a proving token occurs in lower case, as some servers rewrite it."""
    for purpose, token in zip(_PROOFS, signer.tokens(_PROOFS, found.subscriber, found.issue), strict=True):
        if any(token.lower() in said.lower() for said in texts):
            return found._replace(purpose=purpose)
    return found


def _texts(content: bytes, message: Message) -> Iterator[str]:
    """Yield the raw mail, then its decoded parts."""
    yield content[:LIMIT].decode("latin-1")
    for part in own_parts(message):
        if "Content-Transfer-Encoding" in part:
            yield text(part)


def _read(signer: Signer, purpose: Purpose, token: str) -> DeliveryRef | None:
    try:
        return DeliveryRef(*signer.read(purpose, token), purpose)
    except LinkInvalid:
        return None
