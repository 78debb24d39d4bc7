"""An entry of a source, and how its words become an item's: plain text, cut at a sentence."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

LONGEST_TITLE = 200
SUMMARY = 400
"""Characters of a summary at most: two or three sentences."""
_SENTENCE = re.compile(r"(?<=[.!?…])[»”\")]*\s+(?=[«“\"(\w])")
_BLOCKS = ("p", "div", "br", "li", "tr", "td", "h1", "h2", "h3", "h4", "blockquote")
_BLANKS = re.compile(r"\s+")
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2; HTML lets it pass
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«])(?:\w|ім|вул|просп|обл|смт|тис|млн|млрд|грн|див|напр|ст|пп?)\.$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One piece of news as its source has it; `picture` is an address. Without a date it may be old."""

    title: str
    link: str = ""
    text: str = ""
    published: datetime | None = None
    picture: str = ""
    alt: str = ""


def absolute(url: str, link: str) -> str:
    """Return a link as an address, as it stands on the page `url`; empty where it can be none."""
    try:
        urlsplit(link)
        return urljoin(url, link) if link else ""
    except ValueError:  # as of http://[
        return ""


def plain(markup: str) -> str:
    """Return the text of HTML in one line; what is no HTML stays as it is."""
    if "<" in markup:
        try:
            root = html.document_fromstring(f"<div>{markup}</div>")
        except (etree.ParserError, etree.XMLSyntaxError, ValueError):
            root = None
        if root is not None:
            etree.strip_elements(root, "script", "style", "figcaption", with_tail=False)
            for block in root.iter(*_BLOCKS):
                block.tail = f" {_NO_XML.sub(' ', block.tail or '')}"
            markup = "".join(map(str, root.itertext()))
    return _BLANKS.sub(" ", unescape(markup)).strip()


def summary(text: str, most: int = SUMMARY) -> str:
    """Return the first sentences of `text`, at most `most` characters; of a longer one its first words."""
    if len(text) <= most:
        return text
    end = 0
    for found in _SENTENCE.finditer(text[: most + 50]):
        if found.start() <= most and not _ABBREVIATION.search(text[: found.start()]):
            end = found.start()
    if end:
        closing = re.match(r"[»”\")]*", text[end:])
        return text[: end + (closing.end() if closing else 0)]
    return f"{text[: text.rfind(' ', 0, most)].rstrip(' .,;:—–-')}…"


def moment(said: str) -> datetime | None:
    """Return a moment written as ISO 8601, in UTC; None when it is none."""
    try:
        found = datetime.fromisoformat(said.strip())
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


_MARKS = re.compile(r"([\\`*_\[\]<>|])")
_FIRST = re.compile(r"^(?=[#+-])")
_NUMBER = re.compile(r"^(\d+)([.)])")


def markdown(text: str) -> str:
    """Return plain text as Markdown that shows it as it is."""
    escaped = _NUMBER.sub(r"\1\\\2", _MARKS.sub(r"\\\1", text))
    return _FIRST.sub(r"\\", escaped)
