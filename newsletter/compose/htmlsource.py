"""HTML as the lines a digest is read from, with bold, emphasis, links, lists and headings in Markdown."""

import re

from lxml.etree import ParserError
from lxml.html import HtmlElement, document_fromstring
from lxml.html.defs import block_tags

from newsletter.compose.lines import Line, clean
from newsletter.errors import Place, Problem, Severity

_HTML5_BLOCKS = ("article", "aside", "figcaption", "figure", "footer", "header", "main", "nav", "section")
_BLOCKS = block_tags - {"del", "ins"} | {"html", "body", *_HTML5_BLOCKS}
_UNSEEN = frozenset(("head", "script", "style", "template", "title"))
_MARKS = {"b": "**", "strong": "**", "em": "*", "i": "*"}
_BREAK = "\v"


def html_lines(text: str, name: str) -> tuple[list[Line], list[Problem]]:
    """Return the lines of the HTML file `name` from its `text`, and a problem where it holds pictures."""
    try:
        page = document_fromstring(re.sub(r"^\s*<\?xml[^>]*>", "", text))
    except ParserError:  # nothing but comments
        return [], []
    writer = _Writer()
    writer.block(page)
    return writer.lines, _pictures(page, name)


class _Writer:
    """Collects words until their paragraph ends."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._words: list[str] = []
        self._number = 0
        self._prefix = ""

    def block(self, node: HtmlElement) -> None:
        """Write `node` as paragraphs of its own."""
        self._end()
        if node.tag == "li":
            self._prefix = "1. " if node.getparent().tag == "ol" else "- "
        elif re.fullmatch("h[1-6]", node.tag):
            self._prefix = "#" * int(node.tag[1]) + " "
        self._content(node)
        self._end()
        self._prefix = ""

    def _content(self, node: HtmlElement) -> None:
        self._say(node.text, node)
        for child in node:
            if _is_seen(child):
                if child.tag in _BLOCKS:
                    self.block(child)
                elif _holds_blocks(child):
                    self._content(child)
                else:
                    self._say(_inline(child), child)
            self._say(child.tail, node)

    def _say(self, words: str | None, node: HtmlElement) -> None:
        if words and not self._words and words.strip():
            self._number = node.sourceline or 0
        if words and (self._words or words.strip()):
            self._words.append(words)

    def _end(self) -> None:
        text = re.sub("[ \t\r\n\f]+", " ", "".join(self._words)).replace("****", "")
        self._words = []
        parts = [part for part in map(clean, text.split(_BREAK)) if part]
        if not parts:
            return
        if self._prefix.startswith("#"):
            parts = [" ".join(parts)]
        in_list = self._prefix and not self._prefix.startswith("#")
        if self.lines and not (in_list and self.lines[-1].text.startswith(self._prefix)):
            self.lines.append(Line(self._number, ""))
        self.lines += (Line(self._number, part) for part in [self._prefix + parts[0], *parts[1:]])
        self._prefix = ""


def _inline(node: HtmlElement) -> str:
    """Return an element within a paragraph, and all it holds, as Markdown."""
    if node.tag == "br":
        return _BREAK
    words = (node.text or "") + "".join(
        (_inline(child) if _is_seen(child) else "") + (child.tail or "") for child in node
    )
    if node.tag == "a" and node.get("href") is not None and words.strip():
        address = node.get("href").strip()
        for unsafe in " ()<>":
            address = address.replace(unsafe, f"%{ord(unsafe):02X}")
        return _around(words, "[", f"]({address})")
    mark = _MARKS.get(node.tag)
    return _BREAK.join(_around(part, mark, mark) for part in words.split(_BREAK)) if mark else words


def _around(words: str, before: str, after: str) -> str:
    """Put marks around `words`, leaving white space outside, where Markdown wants it."""
    kept = words.strip()
    if not kept or (kept.startswith(before) and kept.endswith(after)):
        return words
    start = words.index(kept)
    return words[:start] + before + kept + after + words[start + len(kept) :]


def _is_seen(node: HtmlElement) -> bool:
    return isinstance(node.tag, str) and node.tag not in _UNSEEN


def _holds_blocks(node: HtmlElement) -> bool:
    return any(below.tag in _BLOCKS for below in node.iterdescendants())


def _pictures(page: HtmlElement, name: str) -> list[Problem]:
    pictures = list(page.iter("img"))
    if not pictures:
        return []
    return [
        Problem(
            severity=Severity.WARNING,
            text=f"left out {len(pictures)} pictures" if len(pictures) > 1 else "left out a picture",
            at=Place(name, pictures[0].sourceline or 0),
            hint="An item is text and a link; put the picture on the page that the link leads to.",
        )
    ]
