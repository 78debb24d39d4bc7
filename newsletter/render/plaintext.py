"""Format the plain-text part: wrapped at 72 characters, every URL on a line of its own."""

import re
from collections.abc import Iterator
from textwrap import indent, wrap

from markdown_it.tree import SyntaxTreeNode

from newsletter.render.markdown import tree
from newsletter.render.memo import remembered

WIDTH = 72
_NARROWEST = 20
_GAP = 2
"""Blanks between the columns of a table."""
_DASH = re.compile(r" (?=[–—] )")
_BLANKS = re.compile(r"[ \t]+")


@remembered
def fill(text: str, width: int = WIDTH) -> str:
    """Return `text` with each of its lines wrapped; no line begins with a dash, no word is broken."""
    lines = []
    for line in text.split("\n"):
        held = _DASH.sub("\u2060\u00a0", _BLANKS.sub(" ", line))
        lines += wrap(held, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\u2060\u00a0", " ")


def underline(text: str, mark: str) -> str:
    """Return `text` with a line of `mark` below it, as long as its longest line."""
    return f"{text}\n{mark * max(map(len, text.split(chr(10))))}"


@remembered
def plain(text: str, width: int = WIDTH) -> str:
    """Return Markdown `text` as a letter would say it: words, hyphens for lists, addresses below."""
    return "\n\n".join(_blocks(tree(text), max(int(width), _NARROWEST)))


def words(text: str) -> str:
    """Return what Markdown `text` says, a paragraph a line, without marks and addresses: what is searched."""
    return "\n".join(_words(node) for node in tree(text).walk() if node.type == "inline")


def _blocks(node: SyntaxTreeNode, width: int) -> Iterator[str]:
    for child in node.children:
        if child.type in {"paragraph", "heading"}:
            yield _paragraph(child, width)
        elif child.type == "blockquote":
            quoted = "\n\n".join(_blocks(child, max(width - 2, _NARROWEST)))
            yield "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))
        elif child.type == "table":
            yield _table(child, width)
        else:
            yield "\n".join(_entries(child, width))


def _table(node: SyntaxTreeNode, width: int) -> str:
    """Return a table in columns where they fit, else each row by its headings."""
    rows = [[_words(cell) for cell in row.children] for part in node.children for row in part.children]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(wide) + _GAP * (len(wide) - 1) <= width and not _has_links(node):
        rows.insert(1, ["-" * most for most in wide])
        gap = " " * _GAP
        return "\n".join(gap.join(map(str.ljust, row, wide)).rstrip() for row in rows)
    head = rows[0]
    cells = [row.children for part in node.children[1:] for row in part.children]
    return "\n\n".join(
        "\n".join(
            _paragraph(cell, width, f"{name}: " if name else "")
            for name, cell in zip(head, row, strict=True)
            if _words(cell)
        )
        for row in cells
    )


def _has_links(node: SyntaxTreeNode) -> bool:
    return any(inner.type == "link" for inner in node.walk())


def _entries(node: SyntaxTreeNode, width: int) -> Iterator[str]:
    start = int(node.attrs.get("start", 1))
    for number, entry in enumerate(node.children, start):
        mark = f"{number}. " if node.type == "ordered_list" else "- "
        body = "\n".join(_blocks(entry, max(width - len(mark), _NARROWEST)))
        yield mark + indent(body, " " * len(mark)).lstrip()


def _paragraph(node: SyntaxTreeNode, width: int, before: str = "") -> str:
    inline = node.children[0]
    links = [(_words(link), str(link.attrs["href"])) for link in inline.walk() if link.type == "link"]
    links = [(words, address) for words, address in links if address not in (words, f"mailto:{words}")]
    lines = [fill(before + _words(inline), width)]
    for words, address in links:
        if len(links) > 1:
            lines.append(fill(f"{words}:", width))
        lines.append(address)
    return "\n".join(lines)


def _words(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    return "".join(_words(child) for child in node.children) if node.children else node.content
