"""Build each reader's MIME message: an edition is encoded once, then the reader's values are spliced in."""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from newsletter.model import Envelope, Rendered
from newsletter.recipes import HTML, TEXT, Assembled, parts_of
from newsletter.slots import UNSUBSCRIBE
from newsletter.transport.body import base64_lines, body

_WORD = 45  # UTF-8 bytes of one encoded word: 60 of base64 and 12 around them, under RFC 2047's 75
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SHORT = 60
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Skeleton:
    """One edition as an encoded MIME message with slots for a reader's values."""

    def __init__(self, edition: Rendered | Assembled, envelope: Envelope) -> None:
        boundary = f"=_{edition.edition}"
        self._envelope = envelope
        self._shared = (
            f"From: {mailbox(envelope.from_name, envelope.from_address)}\r\n"
            f"Reply-To: {envelope.reply_to}\r\n"
            f"Subject: {unstructured(edition.subject)}\r\n"
            f"List-Id: <{envelope.list_id}>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            f"Feedback-ID: {envelope.issue}:{edition.edition}:digest:{_sender_id(envelope)}\r\n"
            "MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
        ).encode("ascii")
        self._text = body(parts_of(edition, TEXT), html=False)
        self._html = body(parts_of(edition, HTML), html=True)
        self._shared += _opening(boundary, "plain", self._text.encoding)
        before, after = _around(edition, self._html.encoding)
        self._between = f"\r\n--{boundary}\r\n".encode("ascii") + before
        self._end = after + f"\r\n--{boundary}--\r\n".encode("ascii")

    def pieces(  # noqa: PLR0913  all that differs between readers
        self,
        *,
        name: str,
        email: str,
        message_id: str,
        date: datetime,
        values: Mapping[str, str],
        report: str = "",
    ) -> list[bytes]:
        """Return the message for one reader, in pieces; `values` holds a value for every slot of the edition.

        `report` is the CFBL-Feedback-ID that proves a complaint (RFC 9477 §3.2); replies do not quote it.
        """
        way_out = self._envelope.list_unsubscribe(values[UNSUBSCRIBE]).replace(" ", "\r\n ")
        own = (
            f"Date: {_date(int(date.timestamp()))}\r\n"
            f"To: {mailbox(name, email)}\r\n"
            f"Message-ID: {message_id}\r\n"
            f"List-Unsubscribe: {way_out}\r\n" + (f"CFBL-Feedback-ID: {report}\r\n" if report else "")
        ).encode()
        text, html = self._text.filled(values), self._html.filled(values)
        return [own, self._shared, *text, self._between, *html, self._end]


def _opening(boundary: str, kind: str, encoding: str) -> bytes:
    return f"--{boundary}\r\n".encode("ascii") + _text_headers(kind, encoding)


def _text_headers(kind: str, encoding: str) -> bytes:
    return (
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode("ascii")


def _around(page: Rendered | Assembled, encoding: str) -> tuple[bytes, bytes]:
    """Return what stands before and after the HTML in its part: the headers, and the pictures if it has any.

    With pictures the part is a multipart/related (RFC 2387), whose first part is the HTML.
    """
    html = _text_headers("html", encoding)
    if not page.attached:
        return html, b""
    boundary = f"=_r{page.edition}"
    head = (
        f'Content-Type: multipart/related; type="text/html";\r\n boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\n"
    ).encode("ascii")
    pictures = [
        f"\r\n--{boundary}\r\nContent-Type: {image.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{image.cid}>\r\n"
        f'Content-Disposition: inline;\r\n filename="{image.name}"\r\n\r\n'.encode("ascii")
        + base64_lines(image.content)
        for image in page.attached
    ]
    return head + html, b"".join((*pictures, f"\r\n--{boundary}--\r\n".encode("ascii")))


def note(  # noqa: PLR0913  the headers of a message
    page: Rendered | Assembled,
    shared: Envelope,
    *,
    to: str,
    message_id: str,
    date: datetime,
    values: Mapping[str, str],
) -> bytes:
    """Return a letter from the program itself, marked Auto-Submitted (RFC 3834)."""
    boundary = f"=_{page.edition}"
    text, html = body(parts_of(page, TEXT), html=False), body(parts_of(page, HTML), html=True)
    head = (
        f"From: {mailbox(shared.from_name, shared.from_address)}\r\n"
        f"Reply-To: {shared.reply_to}\r\n"
        f"To: {to}\r\n"
        f"Subject: {unstructured(page.subject)}\r\n"
        f"Date: {_date(int(date.timestamp()))}\r\n"
        f"Message-ID: {message_id}\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    ).encode("ascii")
    plain = (_opening(boundary, "plain", text.encoding), *text.filled(values))
    before, after = _around(page, html.encoding)
    rich = (f"\r\n--{boundary}\r\n".encode("ascii"), before, *html.filled(values), after)
    return b"".join((head, *plain, *rich, f"\r\n--{boundary}--\r\n".encode("ascii")))


def mailbox(name: str, address: str) -> str:
    """Return `name <address>` for a header (RFC 5322 §3.4), with the name quoted or encoded if necessary."""
    name = _CONTROLS.sub(" ", name).strip()
    if not name:
        return address
    if len(name) <= _SHORT and name.isascii():
        if _ATOMS.fullmatch(name) and "=?" not in name:
            return f"{name} <{address}>"
        if "=?" not in name:
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{quoted}" <{address}>'
    return f"{_words(name)}\r\n <{address}>"


def unstructured(text: str) -> str:
    """Return `text` for a Subject header: unchanged if short and ASCII, else as encoded words (RFC 2047)."""
    text = _CONTROLS.sub(" ", text)
    if text.isascii() and len(text) <= _SHORT and "=?" not in text and text == text.strip():
        return text
    return _words(text)


def _words(text: str) -> str:
    """Encode `text` as encoded words of whole characters, one per line (RFC 2047 §2, §5)."""
    if len(whole := text.encode()) <= _WORD:  # true of most names
        return f"=?utf-8?b?{b64encode(whole).decode()}?="
    words, word = [], b""
    for character in text:
        encoded = character.encode()
        if len(word) + len(encoded) > _WORD:
            words.append(word)
            word = b""
        word += encoded
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


@lru_cache(maxsize=4)  # messages of the same second share it
def _date(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))


def _sender_id(envelope: Envelope) -> str:
    """Return a constant sender id of 5 to 15 characters (Gmail's Feedback-ID page, read 2026-07)."""
    letters = re.sub("[^a-z0-9]", "", envelope.domain.lower())[:15]
    return letters.ljust(5, "0")
