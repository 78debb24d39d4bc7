"""Checks of a rendered edition: HTML size, links, slots, and that HTML and text say the same."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from lxml.etree import ParserError, _Comment, _Element
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from newsletter import slots
from newsletter.checks.codes import finding
from newsletter.checks.parity import gaps
from newsletter.checks.preflight import preflight
from newsletter.checks.weight import weights
from newsletter.errors import Message, Place, Problem
from newsletter.model import Edition, Image, ItemKind, Rendered

KILOBYTE = 1024
LARGE, TOO_LARGE = 80 * KILOBYTE, 90 * KILOBYTE
"""Bytes of HTML; Gmail clips a message at about 102 KB, and with it the unsubscribe link."""
_SHARE = 0.15
"""The part of a large HTML from which an item is worth shortening."""
HEAVY, TOO_HEAVY = 300_000, 1_000_000
"""Bytes of a message's pictures together."""
LINE = 78
"""Most characters of a text line (RFC 5322 §2.1.1); lines with a link may be longer."""

_REMOTE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"]?)(?:https?:)?//", re.IGNORECASE)
_REMOTE_COMMENT = re.compile(r"\b(?:src|background)\s*=\s*['\"]?(?:https?:)?//", re.IGNORECASE)
_CID = re.compile(r"(?:=|\burl\()\s*['\"]?cid:([^\s\"'<>)]+)", re.IGNORECASE)
_LOADING = ("src", "srcset", "background", "poster", "data")
_URL = re.compile(r"https?://(?:(?!https?://)\S)+")  # two links without a space between them are still two


def markup(rendered: Rendered, edition: Edition) -> list[Problem]:
    """Return the problems of one edition as it will be sent; those of an item have the item's place."""
    weights = (
        *size(len(rendered.html.encode())),
        *heaviest(rendered.html, edition),
        *weight(rendered.pictures),
    )
    return [*weights, *faults(rendered, edition)]


def faults(rendered: Rendered, edition: Edition) -> list[Problem]:
    """Return the problems that an edition has whatever its size."""
    try:
        document = document_fromstring(rendered.html.encode(), parser=HTMLParser(encoding="utf-8"))
    except ParserError:
        return [finding("html-empty", "the HTML is empty", hint="Look at the theme's issue.mjml.")]
    return [
        *_left_markup(rendered),
        *_head(document),
        *_remote(document, rendered),
        *_pictures(document, rendered),
        *_slots(rendered),
        *_links(document, edition),
        *_parity(document, rendered, edition),
        *_words(document, rendered, edition),
        *_long_lines(rendered),
        *preflight(document, rendered.html),
    ]


def size(html: int) -> Iterator[Problem]:
    """Yield the problem of an edition whose HTML has too many bytes."""
    if html >= LARGE:
        code, limit = ("html-too-large", TOO_LARGE) if html >= TOO_LARGE else ("html-large", LARGE)
        yield finding(
            code,
            Message("the HTML has %(limit)s KB or more", limit=limit // KILOBYTE),
            hint=Message(
                "Gmail cuts mail off at 102 KB; shorten items to stay below %(most)s KB.",
                most=LARGE // KILOBYTE,
            ),
        )


def heaviest(html: str, edition: Edition) -> Iterator[Problem]:
    """Yield the problem of the longest item of an edition whose HTML is large, with what shortens it."""
    total = len(html.encode())
    sizes = {one.id: one.size for one in weights(html, edition)} if total >= LARGE else {}
    longest = max(edition.items, key=lambda item: sizes.get(item.id, 0), default=None)
    if longest and not longest.trim and sizes.get(longest.id, 0) > total * _SHARE:
        yield finding(
            "item-heavy",
            Message(
                "the item takes %(part)s of the HTML's %(whole)s KB",
                part=sizes[longest.id] // KILOBYTE,
                whole=total // KILOBYTE,
            ),
            longest.at,
            "Write `trim: true`: mail shows its first paragraph, and leads to the full text in the archive.",
        )


def _left_markup(rendered: Rendered) -> Iterator[Problem]:
    for tag in sorted(set(re.findall(r"<mj-[\w-]*", rendered.html))):
        yield finding(
            "mjml-left",
            Message("%(tag)s was not rendered, so mail programs drop it", tag=f"{tag}>"),
            hint="Correct the theme's issue.mjml: MJML has no such tag, or does not allow it there.",
        )


def _head(document: _Element) -> Iterator[Problem]:
    if (document.get("lang") or "und") == "und":
        yield finding(
            "language-missing",
            "the HTML names no language, so screen readers guess",
            hint="Set lang on the theme's <mjml>.",
        )
    if not (document.findtext("head/title") or "").strip():
        yield finding("html-title-missing", "the HTML has no title", hint="Set <mj-title> in the theme.")


def _remote(document: _Element, rendered: Rendered) -> Iterator[Problem]:
    found = set()
    ours = tuple(f"/pictures/{image.name}" for image in rendered.pictures)
    for element in document.iter():
        if isinstance(element, _Comment):
            found |= {"an Outlook comment"} if _REMOTE_COMMENT.search(element.text or "") else set()
            continue
        styles = f"{element.get('style', '')} {(element.text or '') if element.tag == 'style' else ''}"
        loaded = [element.get(name, "") for name in _LOADING]
        if element.tag == "link":
            loaded.append(element.get("href", ""))
        if _REMOTE_STYLE.search(styles) or any(
            _REMOTE.match(address) and not address.endswith(ours) for address in loaded
        ):
            found.add(f"<{element.tag}>")
    for where in sorted(found):
        yield finding(
            "loads-remote",
            Message("%(where)s loads something from the network", where=where),
            hint="Many readers never see it, and loading it reveals that they read; remove it.",
        )


def _pictures(document: _Element, rendered: Rendered) -> Iterator[Problem]:
    attached = {image.cid for image in rendered.attached}
    for cid in dict.fromkeys(_CID.findall(rendered.html)):
        if cid not in attached:
            yield finding(
                "picture-unattached",
                Message("cid:%(cid)s is no picture of the message", cid=cid),
                hint="In the theme, write {{ item.picture.src }} or {{ brand.logo.src }}.",
            )
    for picture in document.iter("img"):
        if picture.get("alt") is None:
            yield finding(
                "alt-missing",
                Message("the picture %(src)r has no alt text", src=picture.get("src", "")),
                hint='Say in alt="…" what it shows; alt="" where it only decorates.',
            )


def weight(pictures: Iterable[Image]) -> Iterator[Problem]:
    """Yield the problem of an edition whose pictures have too many bytes together."""
    total = sum(len(image.content) for image in pictures)
    if total > HEAVY:
        code, limit = ("pictures-too-heavy", TOO_HEAVY) if total > TOO_HEAVY else ("pictures-heavy", HEAVY)
        yield finding(
            code,
            Message("the pictures have more than %(limit)s kB together", limit=limit // 1000),
            hint=Message(
                "Slow lines wait for them; take some out, or cut them, to stay below %(most)s kB.",
                most=HEAVY // 1000,
            ),
        )


def _slots(rendered: Rendered) -> Iterator[Problem]:
    for part, content in (("HTML", rendered.html), ("text", rendered.text)):
        present = slots.split(content)[1::2]
        for name, what in (
            (slots.UNSUBSCRIBE, "link to unsubscribe"),
            (slots.PREFERENCES, "link to the reader's choices"),
            (slots.VIEW, "link to the page in the browser"),
        ):
            if name not in present:
                yield finding(
                    "reader-link-missing",
                    Message("the %(part)s has no %(what)s", part=part, what=Message(what)),
                    hint="Add it to the theme: every message has one.",
                )


def _links(document: _Element, edition: Edition) -> Iterator[Problem]:
    anchors = {element.get("id") or element.get("name") for element in document.iter("*")}
    for href in dict.fromkeys(_hrefs(document)):
        if href.startswith("#"):
            if unquote(href[1:]) not in anchors:
                yield finding(
                    "anchor-dead",
                    Message("the link %(href)s has no target in the message", href=href),
                    hint="Correct the theme.",
                )
        elif not href.lower().startswith(("http://", "https://", "mailto:")):
            yield finding(
                "link-scheme",
                Message("the link %(href)r is neither a web nor a mail address", href=href),
                _home(edition, href),
                "Give the page's own address, beginning with https://.",
            )


def _hrefs(document: _Element) -> list[str]:
    return [href.strip() for link in document.iter("a") if (href := link.get("href")) is not None]


def _home(edition: Edition, words: str) -> Place | None:
    """Return the place of the item that contains `words`, or None."""
    return next((i.at for i in edition.items if words in (i.link, i.title) or words in i.text), None)


def _parity(document: _Element, rendered: Rendered, edition: Edition) -> Iterator[Problem]:
    html_links = _addresses(map(_without_place, _hrefs(document)))
    text_links = _addresses([rendered.text])
    shown = _addresses(map(str, document.itertext()))
    headings = {
        _plain(heading.text_content())
        for heading in document.iter("h1", "h2", "h3")
        if isinstance(heading, HtmlElement)
    }
    text = _plain(rendered.text)
    for what, missing in (
        ("the text lacks a link of the HTML", sorted(html_links - text_links)),
        ("the HTML lacks a link of the text", sorted(text_links - html_links - shown)),
        ("the text lacks a heading of the HTML", sorted(h for h in headings if h not in text)),
        ("the HTML lacks a heading", _untitled(document, edition, headings)),
    ):
        for words in missing:
            yield finding(
                "parts-differ",
                Message("%(what)s: %(words)s", what=Message(what), words=words),
                _home(edition, words),
                "A theme's two parts must say the same; in an item, put a space after a link.",
            )


def _words(document: HtmlElement, rendered: Rendered, edition: Edition) -> Iterator[Problem]:
    of_html, of_text = gaps(document, rendered.text, edition)
    hint = "Who reads only one part misses them: say the same in the theme's .mjml and .txt."
    for what, found in (
        ("the text lacks words of the HTML: %(words)r", of_html),
        ("the HTML lacks words of the text: %(words)r", of_text),
    ):
        for gap in found:
            yield finding("words-differ", Message(what, words=gap.words), gap.at, hint)


def _untitled(document: _Element, edition: Edition, headings: set[str]) -> list[str]:
    """Return the titles of sections and items that are no heading; a brief's may begin a list's entry."""
    titles = [block.section.title for block in edition.blocks]
    titles += [item.title for item in edition.items if item.kind is not ItemKind.BRIEF]
    entries = [_plain(each.text_content()) for each in document.iter("li") if isinstance(each, HtmlElement)]
    briefs = [item.title for item in edition.items if item.kind is ItemKind.BRIEF]
    return [title for title in titles if _plain(title) not in headings] + [
        title
        for title in briefs
        if _plain(title) not in headings and not any(entry.startswith(_plain(title)) for entry in entries)
    ]


def _without_place(href: str) -> str:
    """Return a link to a place within the reader's copy on the web as one to that copy."""
    page, _, place = href.partition("#")
    return page if place and page.endswith(slots.slot(slots.VIEW)) else href


def _addresses(texts: Iterable[str]) -> set[str]:
    found = (href for text in texts for href in _URL.findall(text))
    return {href.rstrip(".,;:!?)>»”\"'").rstrip("/") for href in found}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _long_lines(rendered: Rendered) -> Iterator[Problem]:
    long = [line for line in rendered.text.splitlines() if len(line) > LINE and not _URL.search(line)]
    if long:
        yield finding(
            "text-line-long",
            Message(
                "the text has lines of more than %(most)s characters, such as %(line)r…",
                most=LINE,
                line=long[0][:40],
            ),
            hint="Wrap them in the theme's issue.txt.",
        )
