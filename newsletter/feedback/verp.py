"""Whose message came back, by our signed tokens in it, and whether whoever wrote it may judge the reader.

Nothing else of a mail is believed, least of all an address: anybody can write one. Only servers see the
return path and the header for reports (CFBL-Feedback-ID, RFC 9477 §3.2), and readers in the source of their
own letter: these two prove. Message-ID stands in every reply, and links in every forwarded letter: these only
tell whose it would be.
"""

import re
from collections.abc import Iterator
from datetime import date
from email.message import Message
from typing import NamedTuple

from newsletter.errors import LinkInvalid
from newsletter.feedback.dsn import LIMIT, own_parts, text
from newsletter.links import Purpose, Signer

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
_TOKEN = r"([A-Za-z0-9_-]{31})(?![A-Za-z0-9_-])"  # noqa: S105  its form, as newsletter/links.py makes it
_ADDRESS = re.compile(rf"\b([bu])\+{_TOKEN}@")
_MARKS = (  # those that prove come first
    (Purpose.BOUNCE, re.compile(rf"\bb\+{_TOKEN}")),
    (Purpose.REPORT, re.compile(rf"^[> \t]*CFBL-Feedback-ID:\s*{_TOKEN}", re.IGNORECASE | re.MULTILINE)),
    (Purpose.UNSUBSCRIBE, re.compile(rf"(?:\bu\+|/unsubscribe/){_TOKEN}")),
    (Purpose.MESSAGE, re.compile(rf"\d{{4}}-\d\d-\d\d\.{_TOKEN}")),
)
_PROOFS = (Purpose.BOUNCE, Purpose.REPORT)


class DeliveryRef(NamedTuple):
    """A reader, the closing date of an issue, and the purpose of the token that says so."""

    subscriber: int
    closing: date
    purpose: Purpose

    @property
    def proven(self) -> bool:
        """True where only a server on the letter's way, or its reader, can have known the token."""
        return self.purpose in _PROOFS


def addressed(message: Message, signer: Signer) -> DeliveryRef | None:
    """Return which of our signed addresses a mail was sent to, if to any."""
    for name in _RECIPIENTS:
        for value in message.get_all(name, []):
            for mark, token in _ADDRESS.findall(value):
                purpose = Purpose.BOUNCE if mark == "b" else Purpose.UNSUBSCRIBE
                if found := _read(signer, purpose, token):
                    return found
    return None


def mentioned(content: bytes, message: Message, signer: Signer) -> DeliveryRef | None:
    """Return whose message a mail returns or cites, by the token of ours in it that proves most."""
    texts = list(_texts(content, message))
    for purpose, mark in _MARKS:
        for said in texts:
            for token in mark.findall(said):
                if found := _read(signer, purpose, token):
                    return found if found.proven else _in_small_letters(found, texts, signer)
    return None


def _in_small_letters(found: DeliveryRef, texts: list[str], signer: Signer) -> DeliveryRef:
    """Return `found` as proven where a token that proves is there in small letters, as some servers write."""
    for purpose, token in zip(_PROOFS, signer.tokens(_PROOFS, found.subscriber, found.closing), strict=True):
        if any(token.lower() in said.lower() for said in texts):
            return found._replace(purpose=purpose)
    return found


def _texts(content: bytes, message: Message) -> Iterator[str]:
    """Yield a mail as it is, and then what is encoded in it."""
    yield content[:LIMIT].decode("latin-1")
    for part in own_parts(message):
        if "Content-Transfer-Encoding" in part:
            yield text(part)


def _read(signer: Signer, purpose: Purpose, token: str) -> DeliveryRef | None:
    try:
        return DeliveryRef(*signer.read(purpose, token), purpose)
    except LinkInvalid:
        return None
