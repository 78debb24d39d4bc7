"""Lines of a digest, and tests that need only the line itself."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST_TITLE = 160
"""Characters; what is longer is a paragraph, never a title that only looks like one, nor a heading."""

_READ_MORE = (
    "більше", "детальніше", "докладніше", "подробиці", "деталі", "читати", "читайте", "дивитися", "дивіться",
    "перейти", "далі", "джерело", "посилання", "лінк", "повний", "дізнатися", "дізнайтеся",
    "more", "read", "see", "details", "source", "link", "full", "continue", "learn",
    "więcej", "czytaj", "szczegóły", "źródło", "mehr", "weiterlesen", "weitere", "quelle",
)  # fmt: skip
_OF_WHAT = (
    "на", "за", "тут", "про", "у", "в", "до", "з", "інформації", "далі", "більше", "повністю", "детальніше",
    "докладніше", "текст", "новину", "новина", "повну", "here", "on", "at", "about", "in", "more", "text",
    "story", "reading", "full", "the", "it", "article", "online",
    "dalej", "więcej", "na", "stronie", "lesen", "dazu", "auf", "informationen",
)  # fmt: skip
"""A "read more" link begins with a word of the first set, and goes on, if it does, with one of the second."""
_LONGEST_READ_MORE = 60

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\xad\u200b\u2060\ufeff]")
_WORDS = r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"
_TARGET = r"""\(\s*(?:<([^<>]*)>|((?:[^\s()<>]|\([^\s()]*\))*))(?:\s+["'][^"']*["'])?\s*\)"""
_LINK = re.compile(_WORDS + _TARGET)
_ADDRESS = re.compile(r"<?((?:https?://|mailto:)[^\s<>]+)>?")
_MARKED = re.compile(r"(#{1,6})(?:\s+#{1,6})*\s+(.+?)(?:\s+#+)?")
_HASHTAGS = re.compile(r"(?:#\w+[\s,]*)+")
_RULE = re.compile(r"(?:[-–—=_*~#·•+.]\s*){3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A picture of the source: its alt text, and the file's content."""

    alt: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A line and its number in the source; blank lines separate paragraphs, and so does a picture."""

    number: int
    text: str
    picture: Found | None = None


class Link(NamedTuple):
    """A link alone on its line: its text, and its URL, `#` or nothing."""

    words: str
    address: str


def clean(text: str) -> str:
    """Return `text` without control characters, byte order marks and surrounding white space."""
    return _UNSEEN.sub("", text.replace("\t", " ")).strip()


def link(text: str, read_more: str = "") -> Link | None:
    """Return the link if `text` is nothing else: `[words](address)`, a URL, or the words `read_more`."""
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


def is_read_more(words: str) -> bool:
    """Return whether `words` are the text of a "read more" link, not a sentence or title."""
    said = re.sub(r"[:.…*_]", " ", words.casefold()).split()
    short = len(words) <= _LONGEST_READ_MORE
    return bool(said) and short and said[0] in _READ_MORE and (not said[1:] or said[1] in _OF_WHAT)


def marked(text: str) -> tuple[int, str]:
    """Return the level of a Markdown heading (0 for other lines) and its text."""
    match = _MARKED.fullmatch(text)
    level, text = (len(match[1]), match[2]) if match else (0, text)
    return level, re.sub(r"^(\*\*|__)(.+)\1$", r"\2", text).strip()


def plain(text: str) -> str:
    """Return `text` as a plain title, without Markdown for bold and links."""
    return " ".join(re.sub(r"\*\*|__", "", _LINK.sub(r"\1", marked(text)[1])).split())


def has_link(text: str) -> bool:
    """Return whether `text` contains a Markdown link or a bare URL."""
    return bool(_LINK.search(text) or _ADDRESS.search(text))


def addresses(text: str) -> list[str]:
    """Return the URLs of the Markdown links in `text`."""
    return [(match[2] or match[3] or "").strip() for match in _LINK.finditer(text)]


def heading_key(text: str) -> str:
    """Return a key for comparing headings that ignores case, apostrophes, spaces and a final colon."""
    text = unicodedata.normalize("NFC", re.sub("[’ʼ`ʹ′]", "'", plain(text)))
    return text.casefold().rstrip(" .:")


def is_capital(text: str) -> bool:
    """Return whether `text` is a heading in capital letters."""
    letters = [letter for letter in text if letter.isalpha()]
    return (
        len(letters) > 1
        and len(text) <= LONGEST_TITLE
        and all(letter == letter.upper() != letter.lower() for letter in letters)
        and text[-1] not in ".!?…;,"
    )


def is_title_like(text: str) -> bool:
    """Return whether `text` could be a title: short, without the punctuation of a sentence at its end."""
    return 0 < len(text) <= LONGEST_TITLE and text[-1] not in ".!…:;,"


def is_hashtags(text: str) -> bool:
    """Return whether `text` consists of hashtags only."""
    return bool(_HASHTAGS.fullmatch(text))


def is_rule(text: str) -> bool:
    """Return whether `text` is only a horizontal rule."""
    return bool(_RULE.fullmatch(text))
