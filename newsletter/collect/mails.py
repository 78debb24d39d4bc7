"""Read a mail that a colleague forwarded: its subject is the title, its first link the item's."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from newsletter.collect.entries import LONGEST_TITLE, Entry, moment, plain

_PREFIX = re.compile(r"^(?:(?:fwd?|fw|re|пересл|вперед|відп)\s*:\s*)+", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_HEADERS = re.compile(
    r"^(?:-{3,}.*|(?:from|sent|to|cc|date|subject|від|надіслано|кому|копія|дата|тема)\s*:.*|>\s*)$",
    re.IGNORECASE | re.MULTILINE,
)


def parse(content: bytes) -> Entry:
    """Return a mail as an entry; what of it cannot be read is left out."""
    mail = message_from_bytes(content, policy=policy.default)
    said = _text(mail)
    link = _LINK.search(said)
    text = " ".join(_HEADERS.sub(" ", said).split())
    try:
        day = parsedate_to_datetime(str(mail["date"])).isoformat()
    except (ValueError, TypeError, AttributeError, IndexError):
        day = ""
    return Entry(
        title=_PREFIX.sub("", " ".join(_subject(mail).split()))[:LONGEST_TITLE],
        link=link[0].rstrip(".,;:!?") if link else "",
        text=text,
        published=moment(day),
    )


def _subject(mail: EmailMessage) -> str:
    try:
        return str(mail["subject"] or "")
    except (ValueError, IndexError, AttributeError):  # headers that the standard library fails on
        return ""


def _text(mail: EmailMessage) -> str:
    try:
        part = mail.get_body(("plain", "html"))
        if part is None:
            return ""
        content = str(part.get_content())
        return plain(content) if part.get_content_type() == "text/html" else content
    except (LookupError, ValueError, AttributeError, TypeError):  # an unknown charset, a broken structure
        return ""
