"""Encode a MIME part once, in the shorter of two encodings (RFC 2045), and splice in each reader's values.

A Cyrillic letter takes six characters in quoted-printable and less than three in base64; Latin text is
shorter in quoted-printable. Both give 7-bit lines of at most 76 characters, none of which begins with a dot.
"""

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol

from newsletter.slots import split

_LINE = 76  # RFC 2045 §6.7 rule 5, the soft break's "=" included; §6.8
_BYTES = 57  # encoded in one line of base64
_CRLF = b"\r\n"
_SOFT = b"=\r\n"


class Body(Protocol):
    """An encoded part; `encoding` is its Content-Transfer-Encoding."""

    encoding: str

    def filled(self, values: Mapping[str, str]) -> list[bytes]:
        """Return the part in pieces, each slot replaced by its value."""


def body(text: str, *, html: bool) -> Body:
    """Encode `text` in the shorter encoding; when it is `html`, values are escaped."""
    parts = split(text)
    bodies: list[Body] = [QuotedPrintable(parts, html=html), Base64(parts, html=html)]
    nothing = dict.fromkeys(parts[1::2], "")
    return min(bodies, key=lambda one: sum(len(piece) for piece in one.filled(nothing)))


class QuotedPrintable:
    """A quoted-printable part; `parts` alternates literal texts and slot names.

    A slot stands between two soft line breaks, so its value never changes the encoding around it.
    """

    encoding = "quoted-printable"

    def __init__(self, parts: list[str], *, html: bool) -> None:
        self._html = html
        self._slots = parts[1::2]
        literals = [quoted_printable(part) for part in parts[::2]]
        *before, self._last = literals
        self._literals = [_room(literal) + _SOFT for literal in before]

    def filled(self, values: Mapping[str, str]) -> list[bytes]:
        """Return the part in pieces, each slot replaced by its value."""
        encoded = {
            slot: quoted_printable(escape(values[slot]) if self._html else values[slot]) + _SOFT
            for slot in set(self._slots)
        }
        pieces: list[bytes] = []
        for literal, slot in zip(self._literals, self._slots, strict=True):
            pieces += (literal, encoded[slot])
        return [*pieces, self._last]


class Base64:
    """A base64 part; `parts` alternates literal texts and slot names.

    Base64 encodes groups of three bytes, so where a literal is cut depends on the lengths modulo three of the
    values before it. Literals are encoded once for each combination that occurs; for a reader only the values
    are encoded, with the few bytes around them that complete their groups.
    """

    encoding = "base64"

    def __init__(self, parts: list[str], *, html: bool) -> None:
        self._html = html
        self._literals = [_canonical(part) for part in parts[::2]]
        self._slots = parts[1::2]
        self._names = tuple(dict.fromkeys(self._slots))
        self._cuts: dict[tuple[int, ...], _Cut] = {}

    def filled(self, values: Mapping[str, str]) -> list[bytes]:
        """Return the part in pieces, each slot replaced by its value."""
        own = {name: (escape(values[name]) if self._html else values[name]).encode() for name in self._names}
        lengths = tuple([len(value) % 3 for value in own.values()])
        cut = self._cuts.get(lengths)
        if cut is None:
            by_name = dict(zip(self._names, lengths, strict=True))
            cut = self._cuts[lengths] = _Cut(self._literals, self._slots, by_name)
        pieces = [cut.head]
        for begun, values_after, whole in cut.seams:
            seam = begun
            for name, after in values_after:
                seam += own[name] + after
            short = 0 < len(seam) <= _BYTES  # true of nearly every one
            pieces += (b2a_base64(seam, newline=False) + _CRLF if short else base64_lines(seam), whole)
        return pieces


class _Cut:
    """The literals cut and encoded for values with these `lengths` modulo three, by slot name.

    `head` is encoded. Each of `seams` is (leading bytes, slots each with the bytes after it, the encoded text
    up to the next seam).
    """

    __slots__ = ("head", "seams")

    def __init__(self, literals: Sequence[bytes], slots: Sequence[str], lengths: Mapping[str, int]) -> None:
        first = len(literals[0]) - len(literals[0]) % 3
        self.head = base64_lines(literals[0][:first])
        self.seams: list[tuple[bytes, list[tuple[str, bytes]], bytes]] = []
        before, length, seam = literals[0][first:], len(literals[0]) % 3, []
        for slot, literal in zip(slots, literals[1:], strict=True):
            length += lengths[slot]
            start = min(-length % 3, len(literal))  # the bytes that complete the seam's last group of three
            end = max(start, len(literal) - (len(literal) - start) % 3)
            seam.append((slot, literal[:start]))
            if (length + start) % 3 == 0:
                self.seams.append((before, seam, base64_lines(literal[start:end])))
                before, length, seam = literal[end:], len(literal) - end, []
            else:
                length += start
        self.seams.append((before, seam, b""))


def base64_lines(content: bytes) -> bytes:
    """Encode `content` in base64, with CRLF after every line."""
    return b"".join(
        b2a_base64(content[start : start + _BYTES], newline=False) + _CRLF
        for start in range(0, len(content), _BYTES)
    )


def _canonical(text: str) -> bytes:
    """Return the bytes of `text` with CRLF line ends, as base64 of text requires (RFC 2045 §6.8)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()


def quoted_printable(text: str) -> bytes:
    """Encode `text` as quoted-printable, with CRLF line ends and no leading dots (RFC 2045 §6.7)."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    encoded = b2a_qp(unix.encode(), istext=True).replace(b"\n", b"\r\n")
    while encoded.startswith(b".") or b"\n." in encoded:
        encoded = re.sub(rb"(?m)^\.([^\r\n]*)", _escape_dot, encoded)
    return encoded


def _escape_dot(line: re.Match[bytes]) -> bytes:
    rest = line[1]
    return b"=2E" + (_SOFT if len(rest) + 3 > _LINE else b"") + rest


def _room(encoded: bytes) -> bytes:
    """Make room on the last line for the soft line break that will follow it."""
    last = len(encoded) - (encoded.rfind(b"\n") + 1)
    if last < _LINE:
        return encoded
    cut = -3 if encoded[-3:-2] == b"=" else -1
    return encoded[:cut] + _SOFT + encoded[cut:].replace(b".", b"=2E")
