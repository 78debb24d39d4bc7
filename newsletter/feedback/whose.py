"""Whose message came back: by the signed tokens of its return path, Message-ID and unsubscribe address.

Nothing else of a mail is believed, least of all an address: anybody can write one.
"""

import re
from collections.abc import Iterator
from datetime import date
from email.message import Message
from typing import NamedTuple

from newsletter.errors import LinkInvalid
from newsletter.feedback.anatomy import LIMIT, own_parts, text
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
_ANYWHERE = re.compile(rf"(?:\b(b|u)\+|\d{{4}}-\d\d-\d\d(\.)|/(unsubscribe)/){_TOKEN}")
_PURPOSES = {
    "b": Purpose.BOUNCE,
    ".": Purpose.MESSAGE,
    "u": Purpose.UNSUBSCRIBE,
    "unsubscribe": Purpose.UNSUBSCRIBE,
}


class Whose(NamedTuple):
    """A reader and the closing date of an issue."""

    subscriber: int
    closing: date


def addressed(message: Message, signer: Signer) -> tuple[Purpose, Whose] | None:
    """Return which of our signed addresses a mail was sent to, if to any."""
    for name in _RECIPIENTS:
        for value in message.get_all(name, []):
            for mark, token in _ADDRESS.findall(value):
                if found := _read(signer, _PURPOSES[mark], token):
                    return _PURPOSES[mark], found
    return None


def mentioned(content: bytes, message: Message, signer: Signer) -> Whose | None:
    """Return whose message a mail returns or cites, by the first token anywhere in it that is ours."""
    for said in _texts(content, message):
        for match in _ANYWHERE.finditer(said):
            *marks, token = match.groups()
            mark = next(filter(None, marks))
            if found := _read(signer, _PURPOSES[mark], token):
                return found
    return None


def _texts(content: bytes, message: Message) -> Iterator[str]:
    """Yield a mail as it is, and then what is encoded in it."""
    yield content[:LIMIT].decode("latin-1")
    for part in own_parts(message):
        if "Content-Transfer-Encoding" in part:
            yield text(part)


def _read(signer: Signer, purpose: Purpose, token: str) -> Whose | None:
    try:
        return Whose(*signer.read(purpose, token))
    except LinkInvalid:
        return None
