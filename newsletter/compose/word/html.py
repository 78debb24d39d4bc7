"""Build the HTML for a Word document; an element's source line is its paragraph's number."""

from typing import Any

from lxml.html import Element, HtmlElement


def new(tag: str, line: int) -> HtmlElement:
    """Return a new element."""
    node: HtmlElement = Element(tag)
    node.sourceline = min(line, 65_535)  # all that libxml2 keeps
    return node


def add(above: HtmlElement, tag: str, line: int, **attributes: str) -> HtmlElement:
    """Append a new element to `above` and return it."""
    node = new(tag, line)
    for name, value in attributes.items():
        node.set(name, value)
    above.append(node)
    return node


def say(node: HtmlElement, text: str) -> None:
    """Append text to an element."""
    if len(node):
        node[-1].tail = (node[-1].tail or "") + text
    else:
        node.text = (node.text or "") + text


def append(node: HtmlElement, pieces: list[Any], css: str, link: str | None, line: int) -> None:
    """Append a run to a paragraph, into the previous run's link if both have the same."""
    if link is not None:
        last = node[-1] if len(node) else None
        same = last is not None and last.tag == "a" and last.get("href") == link and not last.tail
        node = last if same and last is not None else add(node, "a", line, href=link)
    into = add(node, "span", line, style=css)
    for piece in pieces:
        if isinstance(piece, str):
            say(into, piece)
        else:
            into.append(piece)
