"""Check a page or message for barriers to people with disabilities, by rules that need no browser.

Each barrier names the success criterion of WCAG 2.2 that it fails. What only a person can tell is marked so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import tinycss2.color4
from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from newsletter import brand
from newsletter.checks.wording import GENERIC
from newsletter.errors import Message

READABLE, READABLE_LARGE = 4.5, 3.0
_LARGE, _LARGE_BOLD, _BOLD = 24.0, 18.66, 600
"""Sizes in CSS pixels from which text counts as large (WCAG 2.2, 18 and 14 points)."""
_SIZES = {"h1": 32.0, "h2": 24.0, "h3": 18.72}
"""Of headings in browsers, unless a style says otherwise."""
_BLOCKS = {"p", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figcaption", "dd", "dt"}
_CYRILLIC = ("uk", "be", "bg", "mk", "sr")
_FOREIGN = {True: re.compile(r"(?:[A-Za-z][A-Za-z’'-]+[\s,]+){4,}[A-Za-z]{2,}"),
            False: re.compile(r"(?:[А-Яа-яЁІЇЄҐёіїєґ][\w’'-]+[\s,]+){4,}[А-Яа-яІЇЄҐіїєґ]{2,}")}  # fmt: skip
"""Five words in a row of the other script, by whether the text's own is Cyrillic."""
_HEADING = re.compile(r"h([1-6])")

NAMES: Mapping[str, str] = {
    "1.1.1": "Non-text content",
    "1.3.1": "Info and relationships",
    "1.3.4": "Orientation",
    "1.3.5": "Identify input purpose",
    "1.4.1": "Use of colour",
    "1.4.2": "Audio control",
    "1.4.3": "Contrast (minimum)",
    "1.4.4": "Resize text",
    "1.4.12": "Text spacing",
    "2.1.1": "Keyboard",
    "2.2.1": "Timing adjustable",
    "2.2.2": "Pause, stop, hide",
    "2.4.1": "Bypass blocks",
    "2.4.2": "Page titled",
    "2.4.4": "Link purpose (in context)",
    "2.4.6": "Headings and labels",
    "2.5.3": "Label in name",
    "2.5.8": "Target size (minimum)",
    "3.1.1": "Language of page",
    "3.1.2": "Language of parts",
    "3.3.2": "Labels or instructions",
    "4.1.2": "Name, role, value",
}
"""The success criteria of WCAG 2.2, A and AA, that programs can say something about."""
ALL = 55
"""How many success criteria of the levels A and AA there are in WCAG 2.2."""
NOT_IN_EN = {"2.5.8"}
"""Criteria of WCAG 2.2 that EN 301 549 V3.2.1, which follows WCAG 2.1, has no clause for."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """Something that keeps people out: the criterion, what it is, and where it stands.

    `certain` is false for what a person has to judge.
    """

    criterion: str
    text: str
    where: str = ""
    certain: bool = True


RULES = ("1.1.1", "1.3.1", "1.4.3", "1.4.4", "2.4.2", "2.4.4", "2.4.6", "3.1.1", "3.1.2")
"""The criteria that these rules look at."""


def barriers(html: str) -> list[Barrier]:
    """Return the barriers of a page, in the order of their criteria, each once."""
    try:
        page = document_fromstring(html.encode(), parser=HTMLParser(encoding="utf-8"))
    except ParserError:
        return []
    found = [
        *_pictures(page),
        *_tables(page),
        *_headings(page),
        *contrasts(page),
        *_zoom(page),
        *_titles(page),
        *_links(page),
        *_languages(page),
    ]
    return sorted(dict.fromkeys(found), key=lambda one: RULES.index(one.criterion))


def contrasts(page: HtmlElement) -> Iterator[Barrier]:
    """Yield text that is too much like its ground."""
    return _contrast(page, _Seen())


def _pictures(page: HtmlElement) -> Iterator[Barrier]:
    for picture in page.iter("img"):
        if picture.get("alt") is None and picture.get("role") not in ("presentation", "none"):
            yield Barrier("1.1.1", "a picture has no text alternative", picture.get("src", "")[:80])
        elif not picture.get("alt") and (link := _alone_in_link(picture)) is not None:
            yield Barrier("1.1.1", "a picture that is a link has no text", link.get("href", "")[:80])


def _alone_in_link(picture: HtmlElement) -> HtmlElement | None:
    link = next(picture.iterancestors("a"), None)
    return link if link is not None and not _words(link) and not link.get("aria-label") else None


def _tables(page: HtmlElement) -> Iterator[Barrier]:
    for table in page.iter("table"):
        layout = table.get("role") in ("presentation", "none")
        if not layout and next(table.iter("th"), None) is None:
            yield Barrier(
                "1.3.1", "a table has neither headings nor the role of a layout", _words(table)[:60]
            )


def _headings(page: HtmlElement) -> Iterator[Barrier]:
    levels = [(int(found[1]), one) for one in page.iter("*") if (found := _HEADING.fullmatch(str(one.tag)))]
    before = 0
    for level, heading in levels:
        if not _words(heading):
            yield Barrier("2.4.6", "a heading is empty", f"h{level}")
        if level > before + 1:
            text = Message(
                "a heading of level %(level)s follows one of %(before)s", level=level, before=before
            )
            yield Barrier("1.3.1", text, _words(heading)[:80])
        before = level
    if sum(level == 1 for level, _ in levels) != 1:
        yield Barrier("1.3.1", "the page has not exactly one heading of the first level")


@dataclass(frozen=True, slots=True)
class _Seen:
    """How text is seen at a place: its colour and ground where known, size and weight."""

    ink: str = ""
    ground: str = ""
    size: float = 16.0
    bold: bool = False

    def at(self, element: HtmlElement) -> "_Seen":
        """Return how text in `element` is seen, which stands in this."""
        style = dict(_declarations(element.get("style", "")))
        ground = style.get("background-color") or style.get("background") or element.get("bgcolor", "")
        size = re.fullmatch(r"([\d.]+)px", style.get("font-size", ""))
        weight = style.get("font-weight", "")
        return _Seen(
            ink=_colour(style["color"]) if "color" in style else self.ink,
            ground=_colour(ground) if ground else self.ground,
            size=float(size[1]) if size else _SIZES.get(str(element.tag), self.size),
            bold=(weight == "bold" or (weight.isdigit() and int(weight) >= _BOLD)) if weight
            else self.bold or element.tag in ("b", "strong", "th", "h1", "h2", "h3", "h4"),
        )  # fmt: skip

    @property
    def least(self) -> float:
        """The least contrast of text that is seen so."""
        large = self.size >= _LARGE or (self.bold and self.size >= _LARGE_BOLD)
        return READABLE_LARGE if large else READABLE


def _contrast(element: HtmlElement, around: _Seen) -> Iterator[Barrier]:
    """Yield text whose colours, where both are written in styles of elements, are too much alike."""
    seen = around.at(element)
    style = element.get("style", "").replace(" ", "")
    if "display:none" in style or element.tag in ("script", "style", "title", "head"):
        return
    own = " ".join(filter(None, [element.text, *(child.tail for child in element)])).strip()
    if any(map(str.isalnum, own)) and seen.ink and seen.ground:
        ratio = brand.contrast(seen.ink, seen.ground)
        if ratio < seen.least:
            text = Message(
                "text in %(ink)s on %(ground)s has a contrast of %(ratio)s, less than %(least)s",
                ink=seen.ink,
                ground=seen.ground,
                ratio=f"{ratio:.1f}",
                least=f"{seen.least:.1f}",
            )
            yield Barrier("1.4.3", text, own[:80])
    for child in element:
        if isinstance(child, HtmlElement):
            yield from _contrast(child, seen)


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for part in style.split(";"):
        name, colon, value = part.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _colour(written: str) -> str:
    """Return a colour as #rrggbb; empty for one that is not opaque, or that nobody can tell."""
    found = tinycss2.color4.parse_color(written)
    if not isinstance(found, tinycss2.color4.Color) or found.alpha < 1 or found.space != "srgb":
        return ""
    return "#" + "".join(f"{round(255 * part):02x}" for part in found.coordinates)


def _zoom(page: HtmlElement) -> Iterator[Barrier]:
    for meta in page.xpath("//meta[@name='viewport']"):
        content = meta.get("content", "").replace(" ", "").lower()
        if re.search(r"user-scalable=(?:no|0)|maximum-scale=1(?:\.0)?(?:,|$)", content):
            yield Barrier("1.4.4", "the page forbids to enlarge it", content)


def _titles(page: HtmlElement) -> Iterator[Barrier]:
    if not (page.findtext("head/title") or "").strip():
        yield Barrier("2.4.2", "the page has no title")


def _links(page: HtmlElement) -> Iterator[Barrier]:
    for link in page.iter("a"):
        href = link.get("href")
        if href is None:
            continue
        words = link.get("aria-label") or " ".join(
            [_words(link), *(one.get("alt", "") for one in link.iter("img"))]
        )
        if not words.strip() and next(link.iter("img"), None) is None:  # a picture's lack is told as its own
            yield Barrier("2.4.4", "a link has no words", href[:80])
        elif words.strip(" .…:!→«»>").casefold() in GENERIC:
            text = Message("the words of a link do not say where it leads: %(words)r", words=words.strip())
            yield Barrier("2.4.4", text, href[:80])


def _languages(page: HtmlElement) -> Iterator[Barrier]:
    language = (page.get("lang") or "").strip()
    if not language or language == "und":
        yield Barrier("3.1.1", "the page names no language")
        return
    for element in page.iter(*_BLOCKS):
        if not isinstance(element, HtmlElement) or any(
            child.tag in _BLOCKS for child in element.iterdescendants()
        ):
            continue
        spoken = next(
            (one.get("lang") for one in (element, *element.iterancestors()) if one.get("lang")), language
        )
        cyrillic = str(spoken).partition("-")[0] in _CYRILLIC
        if found := _FOREIGN[cyrillic].search(_words(element)):
            yield Barrier(
                "3.1.2",
                "a passage may be in another language, and is not marked so",
                found[0][:80],
                certain=False,
            )


def _words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())
