"""Marker of an HTML list entry: a bullet, or the number that a browser would show."""

from lxml.html import HtmlElement

_LONGEST = 6
"""Most digits of a list number; a longer one is not a count."""


def list_mark(node: HtmlElement) -> str:
    """Return the bullet or number in front of a list entry."""
    above = node.getparent()
    if above is None or above.tag != "ol":
        return "- "
    start = above.get("start") or "1"
    number = int(start) if start.isdecimal() and len(start) <= _LONGEST else 1
    for entry in above.iterchildren("li"):
        value = entry.get("value") or ""
        number = int(value) if value.isdecimal() and len(value) <= _LONGEST else number
        if entry is node:
            break
        number += 1
    kind = above.get("type")
    if kind in {"a", "A"} and number <= 26:  # noqa: PLR2004  letters of the alphabet
        return f"{chr(ord(kind) + number - 1)}) "
    return f"{number}. "
