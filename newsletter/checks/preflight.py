"""Check what mail programs make of an edition: heading order, contrast, size of its styles, layout.

A finding here is about the theme, or about colours of the brand that it uses.
"""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from newsletter.checks.accessibility import contrasts
from newsletter.checks.clients import Knows, tables, used
from newsletter.checks.codes import finding
from newsletter.errors import Message, Problem

STYLES = 8192
"""Bytes of a style block from which Gmail drops it whole (caniemail, html-style)."""
_LAYOUT = ("css-display-flex", "css-display-grid", "css-position", "html-form", "html-video", "html-svg")
"""Features without which a message falls apart, and not only looks plainer."""
_SHOWN = 4
_HEADING = re.compile(r"h[1-6]")


def preflight(document: HtmlElement, html: str) -> Iterator[Problem]:
    """Yield what some readers would see or hear wrongly, each once."""
    yield from _headings(document)
    for text in dict.fromkeys(one.text for one in contrasts(document)):
        yield finding("contrast-low", text, hint="Take another colour in the theme, or from {{ light }}.")
    for style in document.iter("style"):
        if (size := len((style.text or "").encode())) > STYLES:
            yield finding(
                "style-large",
                Message("a style block has %(size)s bytes", size=size),
                hint=Message("Gmail drops one of more than %(most)s bytes whole; divide it.", most=STYLES),
            )
    yield from _layout(html)


def _headings(document: HtmlElement) -> Iterator[Problem]:
    before = 0
    for heading in document.iter("*"):
        if not _HEADING.fullmatch(str(heading.tag)):
            continue
        level = int(str(heading.tag)[1])
        if before and level > before + 1:
            yield finding(
                "heading-order",
                Message(
                    "a heading of level %(level)s follows one of %(before)s: %(words)r",
                    level=level,
                    before=before,
                    words=" ".join(heading.text_content().split())[:60],
                ),
                hint="Screen readers lead from heading to heading: leave no level out.",
            )
        before = level


def _layout(html: str) -> Iterator[Problem]:
    found, _ = used(html)
    for slug in _LAYOUT:
        feature = tables().features.get(slug)
        if feature and found[slug] and (lacking := feature.programs(Knows.NOTHING)):
            yield finding(
                "client-lacks",
                Message(
                    "%(feature)s is unknown to %(programs)s",
                    feature=feature.title,
                    programs=", ".join(lacking[:_SHOWN]),
                ),
                hint=Message("Lay it out by tables; %(page)s says more.", page=feature.url),
            )
