"""Take a bounce mail apart: its own text, the field blocks of a delivery report, the returned message.

Uses the older `compat32` policy of `email`: the newer one raises on malformed headers.
"""

import html
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.parser import HeaderParser
from email.policy import Compat32

LIMIT = 100_000
"""Bytes of a mail that are read; the report comes before the message that the mail returns."""

_RETURNED = {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}
_REPORTS = {
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
}
_COPY = re.compile(
    r"^[-=_*> ]*(below this line is a copy|this is a copy of|return-path: |received: "
    r"|(the )?(original|returned|unsent|undelivered) (message|e?-?mail)(?! was received)"
    r"|(the )?headers? of the original|message headers follow)",
    re.IGNORECASE | re.MULTILINE,
)
_FIELDS = re.compile(
    r"^(?:Reporting-MTA|Original-Recipient|Final-Recipient|Action):", re.IGNORECASE | re.MULTILINE
)
_TAGS = re.compile(
    r"<(style|script)\b(?:[^<]++|<(?!/\1>))*+(?:</\1>)?|<[^<>]*+>", re.IGNORECASE
)  # possessive quantifiers: no mail can cause catastrophic backtracking


class _AsWritten(Compat32):
    """Return header values unchanged, non-ASCII bytes decoded as UTF-8 (RFC 6532)."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002  the signature of `email`
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


_POLICY = _AsWritten()


def parse(content: bytes) -> Message:
    """Parse the first LIMIT bytes as a mail; a malformed one gives whatever can be parsed."""
    return message_from_bytes(content[:LIMIT], policy=_POLICY)


def header(message: Message, name: str) -> str:
    """Return the value of the first header `name`, unfolded to one line; "" when it is missing."""
    return " ".join(message.get(name, "").split())


def own_parts(message: Message) -> Iterator[Message]:
    """Yield the leaf parts of a mail, without descending into the message that it returns."""
    if message.get_content_type() in _RETURNED | _REPORTS or not message.is_multipart():
        yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from own_parts(part)


def blocks(part: Message) -> Iterator[Message]:
    """Yield the field blocks of a delivery or feedback report (RFC 3464 §2.1, RFC 5965 §3)."""
    found = part.get_payload()
    for block in found if isinstance(found, list) else [found]:
        if isinstance(block, Message):
            yield block
            rest = block.get_payload()
        else:
            rest = block
        if isinstance(rest, str):  # Python splits only message/delivery-status into blocks
            yield from _fields(rest)


def stray_blocks(said: str) -> Iterator[Message]:
    """Yield the field blocks of a delivery report that is written into the text of a mail."""
    if first := _FIELDS.search(said):
        yield from _fields(said[first.start() :])


def _fields(said: str) -> Iterator[Message]:
    parser = HeaderParser(policy=_POLICY)
    return (parser.parsestr(one) for one in re.split(r"\r?\n\r?\n", said) if one.strip())


def text(part: Message) -> str:
    """Return the decoded text of a part, HTML without its tags; "" when it has none."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        found = content.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError, MessageError):
        found = content.decode("utf-8", "replace")
    if part.get_content_type() == "text/html":
        found = html.unescape(_TAGS.sub("\n", found))
    return found


def words(message: Message) -> str:
    """Return the text of a mail itself, cut where the copy of the returned message begins."""
    parts = [part for part in own_parts(message) if part.get_content_type() not in _RETURNED]
    texts = [part for part in parts if part.get_content_maintype() in {"text", "multipart"}]  # no parts
    plain = [part for part in texts if part.get_content_type() == "text/plain"]
    said = "\n\n".join(text(part) for part in plain or texts)
    copy = _COPY.search(said)
    return said[: copy.start()] if copy else said
