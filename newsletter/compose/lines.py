"""A line of a digest, and what it looks like by itself."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

LONGEST_TITLE = 160
"""Characters; what is longer is a paragraph, never a title that only looks like one, nor a heading."""
_MAIL_WIDTHS = range(50, 101)

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b\u2060\ufeff]")
_WORDS = r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"
_TARGET = r"""\(\s*(?:<([^<>]*)>|((?:[^\s()<>]|\([^\s()]*\))*))(?:\s+["'][^"']*["'])?\s*\)"""
_LINK = re.compile(_WORDS + _TARGET)
_ADDRESS = re.compile(r"<?((?:https?://|mailto:)[^\s<>]+)>?")
_MARKED = re.compile(r"(#{1,6})(?:\s+#{1,6})*\s+(.+?)(?:\s+#+)?")
_BULLET = re.compile(r"[-*+•▪–—]\s")
_HASHTAGS = re.compile(r"(?:#\w+[\s,]*)+")
_RULE = re.compile(r"(?:[-–—=_*~#·•+.]\s*){3,}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line and its number in the source; a blank one parts paragraphs."""

    number: int
    text: str


class Link(NamedTuple):
    """A link alone on its line: its words, and its address or `#` or nothing."""

    words: str
    address: str


def clean(text: str) -> str:
    """Return `text` without control characters, marks of byte order, and white space at its ends."""
    return _UNSEEN.sub("", text.replace("\t", " ")).strip()


def unwrap(lines: Sequence[Line]) -> list[Line]:
    """Join what a mail program wrapped: lines that end where the next word would not have fitted.

    Only in a text all of whose lines keep within a mail's width; links, headings and list items stay alone.
    """
    width = max((len(line.text) for line in lines if " " in line.text and not link(line.text)), default=0)
    if width not in _MAIL_WIDTHS:
        return list(lines)
    joined: list[Line] = []
    room = inf
    for line in lines:
        alone = not line.text or link(line.text) or marked(line.text)[0]
        if room < len(line.text.partition(" ")[0]) and not alone and not is_bullet(line.text):
            joined[-1] = Line(joined[-1].number, f"{joined[-1].text} {line.text}")
        else:
            joined.append(line)
        room = inf if alone else width - len(line.text) - 1
    return joined


def link(text: str, read_more: str = "") -> Link | None:
    """Return the link that is all of `text`: `[words](address)`, an address, or the words `read_more`."""
    text = text.strip(" \xa0*_→»›.")
    if match := _LINK.fullmatch(text):
        return Link(match[1], (match[2] or match[3] or "").strip())
    words = ""
    if read_more and text.casefold().startswith(read_more.casefold()):
        words, text = text[: len(read_more)], text[len(read_more) :].strip(" \xa0:–—-→»›")
        if not text:
            return Link(words, "")
    match = _ADDRESS.fullmatch(text)
    return Link(words, match[1]) if match else None


def marked(text: str) -> tuple[int, str]:
    """Return the level of a Markdown heading, 0 for other lines, and the text within its marks."""
    match = _MARKED.fullmatch(text)
    level, text = (len(match[1]), match[2]) if match else (0, text)
    return level, re.sub(r"^(\*\*|__)(.+)\1$", r"\2", text).strip()


def plain(text: str) -> str:
    """Return `text` as a title: words without Markdown's bold and links, single spaces."""
    return " ".join(re.sub(r"\*\*|__", "", _LINK.sub(r"\1", marked(text)[1])).split())


def addresses(text: str) -> list[str]:
    """Return where the Markdown links in `text` lead."""
    return [(match[2] or match[3] or "").strip() for match in _LINK.finditer(text)]


def heading_key(text: str) -> str:
    """Return what two spellings of one heading share: not case, apostrophes, spaces or a final colon."""
    text = unicodedata.normalize("NFC", re.sub("[’ʼ`ʹ′]", "'", plain(text)))
    return text.casefold().rstrip(" .:")


def is_capital(text: str) -> bool:
    """Tell whether `text` is a heading by its capital letters."""
    letters = [letter for letter in text if letter.isalpha()]
    return (
        len(letters) > 1
        and len(text) <= LONGEST_TITLE
        and all(letter == letter.upper() != letter.lower() for letter in letters)
        and text[-1] not in ".!?…;,"
    )


def is_title_like(text: str) -> bool:
    """Tell whether `text` could be a title: short, and not ended as a sentence or a lead-in is."""
    return 0 < len(text) <= LONGEST_TITLE and text[-1] not in ".!…:;,"


def is_bullet(text: str) -> bool:
    """Tell whether `text` is an item of a list."""
    return bool(_BULLET.match(text))


def is_hashtags(text: str) -> bool:
    """Tell whether `text` is nothing but hashtags."""
    return bool(_HASHTAGS.fullmatch(text))


def is_rule(text: str) -> bool:
    """Tell whether `text` is only a drawn line."""
    return bool(_RULE.fullmatch(text))
