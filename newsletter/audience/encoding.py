"""Detect the text encoding of a list."""

import codecs
from pathlib import Path

from charset_normalizer import from_bytes

_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_WIDE = ["utf_16_le", "utf_16_be"]
_CYRILLIC = ["cp1251", "koi8_u", "mac_cyrillic"]


def survey(path: Path) -> tuple[str | None, int]:
    """Read the file once; return its encoding (None when it is not text) and its number of line ends."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, is_utf8, beyond_ascii = 0, True, b""
    with path.open("rb") as file:
        head = block = file.read(_BLOCK)
        while block:
            lines += block.count(b"\n")
            try:
                is_utf8 = is_utf8 and decoder.decode(block) is not None
            except UnicodeDecodeError:
                is_utf8 = False
            if len(beyond_ascii) < _SAMPLE:
                beyond_ascii += b"\n".join(line for line in block.splitlines() if not line.isascii())
            block = file.read(_BLOCK)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", lines
    if head.count(0) > len(head) // 8:  # in UTF-16 every Latin letter has a zero byte
        return _best(head, _WIDE), lines
    if is_utf8 or _is_mostly_utf8(beyond_ascii[:_SAMPLE]):
        return "utf-8-sig", lines
    return (None if b"\0" in head else _best(beyond_ascii, _CYRILLIC)), lines


def _is_mostly_utf8(sample: bytes) -> bool:
    """Return whether the sample is UTF-8 with some invalid bytes, not an older encoding."""
    text = sample.decode(errors="replace")
    broken = text.count("\ufffd")
    return sum(not letter.isascii() for letter in text) > 2 * broken


def _best(sample: bytes, encodings: list[str]) -> str | None:
    found = from_bytes(sample[:_SAMPLE], cp_isolation=encodings).best()
    return found.encoding if found else None
