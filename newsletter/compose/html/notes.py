"""Footnotes and comments of a page: match each mark in the text with its note (Word, Google Docs)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

_MARK = re.compile(r"[\W_]*(\w{1,4})[\W_]*")
_COMMENT = re.compile(r"#?_?(?:cmnt|msocom|mso?com)", re.IGNORECASE)
_LONGEST_NOTE = 3
"""Paragraphs."""
_PARAGRAPHS = frozenset(("p", "li", "div", "aside", "dd", "td", "section"))


@dataclass(frozen=True, slots=True)
class Note:
    """A note at the end of a page: its mark, the element with its text, and the link back to the mark."""

    mark: str
    body: HtmlElement
    way_back: HtmlElement | None
    is_comment: bool


def notes(page: HtmlElement) -> dict[HtmlElement, Note]:
    """Return the note for each link in the text that is a note's mark, such as `[1]`."""
    anchors: dict[str, HtmlElement] = {}
    for node in page.iter("*"):
        for name in (node.get("id"), node.get("name") if node.tag == "a" else None):
            if name:
                anchors.setdefault(name, node)
    found: dict[HtmlElement, Note] = {}
    ways_back: set[HtmlElement] = set()
    for link in page.iter("a"):
        target = (
            anchors.get((link.get("href") or "")[1:]) if (link.get("href") or "").startswith("#") else None
        )
        mark = _MARK.fullmatch(" ".join(link.text_content().split()))
        if target is None or mark is None or link in ways_back or target is link:
            continue
        body = _body(target)
        if body is None or link in set(body.iter("a")):
            continue
        back = target if target.tag == "a" else next(_links_back(body, link), None)
        if back is not None:
            ways_back.add(back)
        is_comment = bool(_COMMENT.match(link.get("href") or "") or _COMMENT.match(link.get("id") or ""))
        found[link] = Note(mark[1], body, back, is_comment)
    return found


def _body(target: HtmlElement) -> HtmlElement | None:
    node = target
    while node is not None and node.tag not in _PARAGRAPHS:
        node = node.getparent()
    above = node.getparent() if node is not None else None
    if above is not None and above.tag in {"div", "li", "aside"} and _is_alone(node, above):
        return above
    return node


def _is_alone(node: HtmlElement, above: HtmlElement) -> bool:
    """Return whether `above` holds only this note, not the list of all notes."""
    return above.tag == "li" or (above[0] is node and len(above) <= _LONGEST_NOTE)


def _links_back(body: HtmlElement, link: HtmlElement) -> Iterator[HtmlElement]:
    names = {f"#{name}" for name in (link.get("id"), link.get("name")) if name}
    return (anchor for anchor in body.iter("a") if anchor.get("href") in names)
