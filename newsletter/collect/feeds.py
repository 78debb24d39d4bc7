"""Read feeds: RSS, Atom, RDF and JSON Feed. Entities are not expanded, and nothing is loaded."""

import re
from collections.abc import Sequence
from typing import Any

from newsletter.collect.entries import LONGEST_TITLE, Entry, absolute, moment, plain
from newsletter.errors import Message

_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc\s*=\s*["']([^"']+)""", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*["']([^"']*)""", re.IGNORECASE)


class NotAFeedError(Exception):
    """The content is not a feed."""


def parse(content: bytes, url: str) -> Sequence[Entry]:
    """Return the entries of a feed that came from `url`. Raises NotAFeedError.

    Texts are still HTML, since most entries are not taken: `finished` makes them plain.
    """
    import fastfeedparser  # noqa: PLC0415  0.1 s, which only collecting needs

    try:
        found = fastfeedparser.parse(content)
    except Exception as error:  # noqa: BLE001  whatever it is, others are read
        raise NotAFeedError(Message("this is not a feed: %(error)s", error=str(error)[:100])) from None
    return [_entry(dict(one), url) for one in found.entries]


def _entry(one: dict[str, Any], url: str) -> Entry:
    content = next((part.get("value") or "" for part in one.get("content") or () if part), "")
    link = str(one.get("link") or "")
    pictures = [
        media.get("url") or ""
        for media in (*(one.get("media_content") or ()), *(one.get("enclosures") or ()))
        if str(media.get("type") or media.get("medium") or "").startswith("image")
    ]
    thumbnail = one.get("media_thumbnail") or {}
    first = [*pictures, str(one.get("image") or ""), str(dict(thumbnail).get("url") or "")]
    return Entry(
        title=str(one.get("title") or ""),
        link=absolute(url, link),
        text=str(one.get("description") or content),
        published=moment(str(one.get("published") or one.get("updated") or "")),
        picture=next(filter(None, first), ""),
        alt=content,  # where its picture may be
    )


def finished(entry: Entry, url: str) -> Entry:
    """Return an entry with plain texts, and the picture that its text shows if it names none."""
    image = _IMAGE.search(entry.alt) or _IMAGE.search(entry.text)
    source = _SOURCE.search(image[0]) if image else None
    alt = _ALT.search(image[0]) if image else None
    picture = entry.picture or (source[1] if source else "")
    return Entry(
        title=plain(entry.title)[:LONGEST_TITLE],
        link=entry.link,
        text=plain(entry.text),
        published=entry.published,
        picture=absolute(url, picture),
        alt=plain(alt[1]) if alt else "",
    )
