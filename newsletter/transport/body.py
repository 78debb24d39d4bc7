"""Encode a MIME part once, in the shorter of two encodings (RFC 2045), and splice in each reader's values.

A Cyrillic letter takes six characters in quoted-printable and less than three in base64; Latin text is
shorter in quoted-printable. Both give 7-bit lines of at most 76 characters, none of which begins with a dot.
A body is the same whatever parts its text comes in.
"""

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol

from newsletter.recipes import Part
from newsletter.slots import split

_LINE = 76  # RFC 2045 §6.7 rule 5, the soft break's "=" included; §6.8
_BYTES = 57  # encoded in one line of base64
_CRLF = b"\r\n"
_SOFT = b"=\r\n"
_Seam = tuple[int, bytes, list[tuple[str, bytes]]]
_PLAIN = bytes({*range(32, 127), 9, 10, 13} - {ord("=")})


class Body(Protocol):
    """An encoded part of a message; `encoding` is its Content-Transfer-Encoding."""

    encoding: str

    def filled(self, values: Mapping[str, str]) -> list[bytes]:
        """Return the body in pieces, each slot replaced by its value."""


def body(parts: Sequence[Part], *, html: bool) -> Body:
    """Encode a text in the shorter encoding; when it is `html`, values are escaped."""
    tokens = [token for part in parts for token in tokens_of(part)]
    literals = [token for token in tokens if isinstance(token, Literal)]
    size = sum([literal.size for literal in literals])
    quoted = size + 2 * sum([literal.special for literal in literals])
    if quoted * _BYTES < size * (_LINE - 1):  # a line has 75 characters of the one, 57 bytes of the other
        return QuotedPrintable(split("".join([part.content for part in parts])), html=html)
    return Base64(tokens, html=html)


def tokens_of(part: Part) -> "Sequence[Literal | str]":
    """Return the literals and the slots of a part, which are encoded once for all editions that have it."""
    tokens: Sequence[Literal | str] | None = part.memo.get("tokens")
    if tokens is None:
        texts = split(part.content)
        made = [Literal(text) if place % 2 == 0 else text for place, text in enumerate(texts)]
        tokens = tuple(token for token in made if isinstance(token, str) or token.size)
        part.memo["tokens"] = tokens
    return tokens


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


class Literal:
    """A text between slots, encoded once for each place in a line of base64 at which it begins."""

    __slots__ = ("_from", "content", "size", "special")

    def __init__(self, text: str) -> None:
        self.content = _canonical(text)
        self.size = len(self.content)
        self.special = len(self.content.translate(None, _PLAIN))
        self._from: dict[int, tuple[bytes, bytes]] = {}

    def lines_from(self, start: int) -> tuple[bytes, bytes]:
        """Return the whole lines of base64 that begin at byte `start`, and the bytes after them."""
        found = self._from.get(start)
        if found is None:
            end = self.size - (self.size - start) % _BYTES
            found = self._from[start] = base64_lines(self.content[start:end]), self.content[end:]
        return found


class Base64:
    """A base64 body of literals and slot names.

    Base64 encodes groups of three bytes, so where a literal is cut depends on the lengths modulo three of the
    values before it. A body is cut once for each combination that occurs; for a reader only the values are
    encoded, with the few bytes around them that complete their groups. A new line begins after each value.
    """

    encoding = "base64"

    def __init__(self, tokens: "Sequence[Literal | str]", *, html: bool) -> None:
        self._html = html
        self._tokens = tokens
        self._names = tuple(dict.fromkeys(token for token in tokens if isinstance(token, str)))
        self._cuts: dict[tuple[int, ...], tuple[list[bytes], list[_Seam]]] = {}

    def filled(self, values: Mapping[str, str]) -> list[bytes]:
        """Return the body in pieces, each slot replaced by its value."""
        own = {name: (escape(values[name]) if self._html else values[name]).encode() for name in self._names}
        lengths = tuple([len(value) % 3 for value in own.values()])
        cut = self._cuts.get(lengths)
        if cut is None:
            by_name = dict(zip(self._names, lengths, strict=True))
            cut = self._cuts[lengths] = _cut(self._tokens, by_name)
        pieces = cut[0].copy()
        for place, begun, values_after in cut[1]:
            seam = begun
            for name, after in values_after:
                seam += own[name] + after
            short = 0 < len(seam) <= _BYTES  # true of nearly every one
            pieces[place] = b2a_base64(seam, newline=False) + _CRLF if short else base64_lines(seam)
        return pieces


def _cut(tokens: "Sequence[Literal | str]", lengths: Mapping[str, int]) -> tuple[list[bytes], list[_Seam]]:
    """Encode literals for slots whose values have these `lengths` modulo three.

    Return encoded pieces, and for those of them that readers' values belong to: (place, leading bytes, slots
    each with the bytes after it).
    """
    pieces: list[bytes] = []
    seams: list[_Seam] = []
    line = b""  # begun, and not yet 57 bytes
    seam: list[tuple[str, bytes]] = []  # the one that is not complete
    length = 0  # of that seam, modulo three
    for token in tokens:
        if isinstance(token, str):
            if not seam:
                whole = len(line) - len(line) % 3
                pieces += (base64_lines(line[:whole]), b"")
                seams.append((len(pieces) - 1, line[whole:], seam))
                length, line = len(line) - whole, b""
            seam.append((token, b""))
            length += lengths[token]
            continue
        if seam:
            start = min(-length % 3, token.size)
            name, after = seam[-1]
            seam[-1] = name, after + token.content[:start]
            length += start
            if length % 3:
                continue
            seam = []
        else:
            start = -len(line) % _BYTES
            if token.size < start:
                line += token.content
                continue
            if start:
                pieces.append(b2a_base64(line + token.content[:start], newline=False) + _CRLF)
        lines, line = token.lines_from(start)
        pieces.append(lines)
    return [*pieces, base64_lines(line)], seams


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
