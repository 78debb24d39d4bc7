"""A digest's file, whatever its kind and encoding, as the lines it is read from."""

import re
from itertools import pairwise
from pathlib import Path

from newsletter.compose.bullets import typed_bullet, with_bullets
from newsletter.compose.lines import Line, clean, is_title_like, marked
from newsletter.compose.mending import mend_links
from newsletter.compose.wrapping import unwrap
from newsletter.errors import ContentError, Problem

LARGEST = 20_000_000
"""Bytes of a source; a Word document may unpack to five times as much."""
_LEGACY = ["cp1251", "koi8_u", "cp1125", "mac_cyrillic", "cp1252"]
_FOREIGN = {
    b"%PDF": ("a PDF", "Copy its text into a .txt file, or take the original and save it as .docx."),
    b"\xd0\xcf\x11\xe0": ("an old Word document", "Open it and save it as .docx."),
    b"{\\rtf": ("an RTF document", "Open it and save it as .docx."),
}
_UNDERLINES = {"=": "#", "-": "##"}
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1f\x7f]")
_MOST_CONTROLS = 0.02
"""Of all characters; word processors leave a few in text, other files hold many."""


def read_source(path: Path) -> tuple[list[Line], list[Problem]]:
    """Return the lines of a digest in plain text, Markdown, HTML or .docx, and what could not be taken over.

    In a .docx, which has no lines, a line's number is that of its paragraph. Raises ContentError when the
    file cannot be read or holds no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContentError(f"{path} cannot be read: {error.strerror}", "Check its name and rights.") from None
    if len(data) > LARGEST:
        raise ContentError(f"{path} is too large for a digest", "Name the file with the digest's text.")
    for magic, (what, cure) in _FOREIGN.items():
        if data.startswith(magic):
            raise ContentError(f"{path} is {what}, which cannot be imported", cure)
    lines, problems = _lines(data, path)
    if not any(line.text for line in lines):
        raise ContentError(f"{path} holds no text", "Name the file with the digest's text.")
    return lines, problems


def decode(data: bytes) -> str | None:
    """Return `data` as text: by its byte order mark, as UTF-16, UTF-8, or what it looks most like.

    None when it is no text, or damaged.
    """
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        elif b"\0" in data:  # no mark, but an English space or line end has a zero byte in UTF-16
            text = max((data.decode(f"utf-16-{end}") for end in ("le", "be")), key=_spaces)
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes  # noqa: PLC0415  only files of older programs need it

        text = str(from_bytes(data, cp_isolation=_LEGACY).best() or "\0")
    is_binary = "\0" in text or len(_CONTROLS.findall(text)) > _MOST_CONTROLS * len(text)
    return None if is_binary else text


def text_lines(text: str) -> list[Line]:
    """Return the lines of plain text or Markdown, with headings marked by `#` and wrapped lines joined."""
    return _text(text, "")[0]


def _text(text: str, name: str) -> tuple[list[Line], list[Problem]]:
    lines = [Line(number, clean(typed_bullet(line))) for number, line in enumerate(text.splitlines(), 1)]
    mended, problems = mend_links(with_bullets(lines), name)
    return unwrap(_with_hashes(mended)), problems


def _lines(data: bytes, path: Path) -> tuple[list[Line], list[Problem]]:
    if data.startswith(b"PK\x03\x04"):
        from newsletter.compose.wordsource import docx_lines  # noqa: PLC0415  mammoth is heavy

        return docx_lines(data, str(path))
    text = decode(data)
    if text is None:
        raise ContentError(f"{path} is not readable as text", "Save it as UTF-8 text, .docx, .html or .md.")
    if path.suffix.lower() in (".html", ".htm") or re.match(r"\s*<(?:!doctype|html)\b", text, re.IGNORECASE):
        from newsletter.compose.htmlsource import html_lines  # noqa: PLC0415  likewise lxml

        return html_lines(text, str(path))
    return _text(text, str(path))


def _spaces(text: str) -> int:
    return text.count(" ") + text.count("\n")


def _with_hashes(lines: list[Line]) -> list[Line]:
    """Write Markdown's underlined headings as those with `#`; the underline becomes blank."""
    written = list(lines)
    for index, (above, line) in enumerate(pairwise(lines)):
        level = _UNDERLINES.get(line.text[:1])
        if (
            level
            and re.fullmatch("={3,}|-{3,}", line.text)
            and not marked(above.text)[0]
            and is_title_like(above.text)
        ):
            written[index] = Line(above.number, f"{level} {above.text}")
            written[index + 1] = Line(line.number, "")
    return written
