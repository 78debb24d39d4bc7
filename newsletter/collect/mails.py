"""Read a mail that a colleague forwarded: its subject is the title, its first link the item's."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import TypeVar

from newsletter.collect.entries import LONGEST_TITLE, Entry, absolute, moment, plain

T = TypeVar("T")
_PREFIX = re.compile(r"^(?:(?:fwd?|fw|re|пересл|вперед|відп)\s*:\s*)+", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_HEADERS = re.compile(
    r"^(?:-{3,}.*|(?:from|sent|to|cc|date|subject|від|надіслано|кому|копія|дата|тема)\s*:.*|>\s*)$",
    re.IGNORECASE | re.MULTILINE,
)


def parse(content: bytes) -> Entry:
    """Return a mail as an entry; what of it cannot be read is left out."""
    mail = _readable(lambda: message_from_bytes(content, policy=policy.default), EmailMessage())
    said = _readable(lambda: _text(mail), "")
    link = _LINK.search(said)
    text = " ".join(_HEADERS.sub(" ", said).split())
    day = _readable(lambda: parsedate_to_datetime(str(mail["date"])).isoformat(), "")
    subject = _readable(lambda: str(mail["subject"] or ""), "")
    return Entry(
        title=_PREFIX.sub("", " ".join(subject.split()))[:LONGEST_TITLE],
        link=absolute("", link[0].rstrip(".,;:!?")) if link else "",
        text=text,
        published=moment(day),
    )


def _readable(read: Callable[[], T], otherwise: T) -> T:
    """Return what `read` returns, or `otherwise`: Python's parser raises many kinds of error."""
    try:
        return read()
    except Exception:  # noqa: BLE001  whatever it is, the rest of the mail is read
        return otherwise


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    content = str(part.get_content())
    return plain(content) if part.get_content_type() == "text/html" else content
