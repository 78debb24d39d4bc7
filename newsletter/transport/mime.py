"""The message of one reader: an edition is encoded once, a reader's values are spliced in.

Quoted-printable throughout (RFC 2045 §6.7), so messages are 7-bit and their lines at most 76 long. A slot
stands between two soft line breaks, so what is spliced never changes the encoding around it.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from html import escape

from newsletter.model import Envelope, Rendered
from newsletter.slots import UNSUBSCRIBE, split

_SOFT = b"=\r\n"
_LINE = 76  # RFC 2045 §6.7 rule 5, the soft break's "=" included
_WORD = 45  # UTF-8 bytes of one encoded word: 60 of base64 and 12 around them, under RFC 2047's 75
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SHORT = 60
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Skeleton:
    """One edition as a mail, ready for any reader."""

    def __init__(self, edition: Rendered, envelope: Envelope) -> None:
        boundary = f"=_{edition.sha256[:24]}"
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
        self._pieces: list[bytes | tuple[str, bool]] = []
        self._part(edition.text, f"--{boundary}\r\nContent-Type: text/plain", html=False)
        self._part(edition.html, f"\r\n--{boundary}\r\nContent-Type: text/html", html=True)
        self._pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))

    def _part(self, body: str, opening: str, *, html: bool) -> None:
        head = f"{opening}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        self._pieces.append(head.encode("ascii"))
        parts = split(body)
        for index, part in enumerate(parts):
            if index % 2:
                self._pieces.append((part, html))
            else:
                encoded = quoted_printable(part)
                before = _SOFT if index else b""
                after = _SOFT if index < len(parts) - 1 else b""
                self._pieces.append(before + (_room(encoded) if after else encoded) + after)

    def message(
        self, *, name: str, email: str, message_id: str, date: datetime, values: Mapping[str, str]
    ) -> bytes:
        """Return the whole message for one reader; `values` holds every slot of the edition."""
        plain = {slot: quoted_printable(value) for slot, value in values.items()}
        escaped = {
            slot: plain[slot] if (safe := escape(value)) == value else quoted_printable(safe)
            for slot, value in values.items()
        }
        way_out = self._envelope.list_unsubscribe(values[UNSUBSCRIBE]).replace(" ", "\r\n ")
        own = (
            f"Date: {_date(date.replace(microsecond=0))}\r\n"
            f"To: {mailbox(name, email)}\r\n"
            f"Message-ID: {message_id}\r\n"
            f"List-Unsubscribe: {way_out}\r\n"
        ).encode()
        pieces = [
            piece if isinstance(piece, bytes) else (escaped if piece[1] else plain)[piece[0]]
            for piece in self._pieces
        ]
        return b"".join((own, self._shared, *pieces))


def note(  # noqa: PLR0913, PLR0917  the headers of a message
    sender: str, to: str, subject: str, text: str, message_id: str, date: datetime
) -> bytes:
    """Return a message of plain text from the program itself (RFC 3834: marked as made by no person).

    `sender` and `to` are as `mailbox` gives them.
    """
    head = (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {unstructured(subject)}\r\n"
        f"Date: {_date(date.replace(microsecond=0))}\r\nMessage-ID: {message_id}\r\n"
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode("ascii") + quoted_printable(text) + b"\r\n"


def quoted_printable(text: str) -> bytes:
    """Encode `text` with CRLF line ends and no line that begins with a dot (RFC 2045 §6.7)."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    encoded = b2a_qp(unix.encode(), istext=True).replace(b"\n", b"\r\n")
    while encoded.startswith(b".") or b"\n." in encoded:
        encoded = re.sub(rb"(?m)^\.([^\r\n]*)", _escape_dot, encoded)
    return encoded


def _escape_dot(line: re.Match[bytes]) -> bytes:
    rest = line[1]
    return b"=2E" + (_SOFT if len(rest) + 3 > _LINE else b"") + rest


def _room(encoded: bytes) -> bytes:
    """Make room on the last line for the soft break that will follow it."""
    last = len(encoded) - (encoded.rfind(b"\n") + 1)
    if last < _LINE:
        return encoded
    cut = -3 if encoded[-3:-2] == b"=" else -1
    return encoded[:cut] + _SOFT + encoded[cut:].replace(b".", b"=2E")


def mailbox(name: str, address: str) -> str:
    """Return `name <address>` for a header (RFC 5322 §3.4), the name quoted or encoded as it needs."""
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
    """Return `text` for a Subject: as it is when short and ASCII, else in encoded words (RFC 2047)."""
    text = _CONTROLS.sub(" ", text)
    if text.isascii() and len(text) <= _SHORT and "=?" not in text and text == text.strip():
        return text
    return _words(text)


def _words(text: str) -> str:
    """Cut `text` into encoded words of whole characters, one a line (RFC 2047 §2, §5)."""
    words, word = [], b""
    for character in text:
        encoded = character.encode()
        if len(word) + len(encoded) > _WORD:
            words.append(word)
            word = b""
        word += encoded
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


@lru_cache(maxsize=4)
def _date(moment: datetime) -> str:
    return format_datetime(moment)


def _sender_id(envelope: Envelope) -> str:
    """Return 5 to 15 letters that stay the same (Gmail's Feedback-ID page, read 2026-07)."""
    letters = re.sub("[^a-z0-9]", "", envelope.domain.lower())[:15]
    return letters.ljust(5, "0")
