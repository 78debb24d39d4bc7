"""Convert HTML to lines of Markdown: what a browser shows, with a problem for each thing left out.

Hidden and struck words, form controls and comments are left out and reported; notes follow their paragraph.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml.etree import ParserError
from lxml.html import HtmlElement, document_fromstring

from newsletter.compose.addresses import unwrap
from newsletter.compose.finds import Finds
from newsletter.compose.html.lists import list_mark
from newsletter.compose.html.notes import Note, notes
from newsletter.compose.html.style import Sheets, Style
from newsletter.compose.html.tables import grid, is_of_figures, rows_in_markdown
from newsletter.compose.lines import Line
from newsletter.compose.paragraphs import INDENT, Paragraphs
from newsletter.compose.runs import BREAK, Run, raised
from newsletter.compose.unsupported import Leavings
from newsletter.errors import Problem

_CONTROLS = frozenset(
    ("audio", "button", "canvas", "embed", "iframe", "input", "map", "meter", "object", "progress", "select",
     "svg", "textarea", "video")
)  # fmt: skip
_LONGEST_QUOTE = 1000
_NO_QUOTE = ("table", "h1", "h2", "h3", "ul", "ol", "blockquote", "img")
_MSO_LIST = object()
"""Key of the list that Word's list paragraphs belong to, as no element encloses them."""
_MSO_NUMBER = re.compile(r"\(?\w{1,6}(?:\.\w{1,3})*[.)]")


@dataclass(slots=True)
class _Link:
    """An open link and the paragraph it began in; of a link around several blocks only the first is kept."""

    href: str
    paragraph: int | None = None


@dataclass(frozen=True, slots=True)
class _Around:
    """The context of an element: inherited style, enclosing link, and nesting depth of lists."""

    style: Style
    link: _Link | None = None
    depth: int = 0
    is_plain: bool = False


def html_lines(text: str, name: str, finds: Finds | None = None) -> tuple[list[Line], list[Problem]]:
    """Convert the HTML file `name` to lines; return a problem for each thing left out.

    `finds` takes the pictures, in whose places it leaves marks.
    """
    try:
        page = document_fromstring(re.sub(r"^\s*<\?xml[^>]*>", "", text))
    except ParserError:  # nothing but comments
        return [], []
    return page_lines(page, name, finds)


def page_lines(page: HtmlElement, name: str, finds: Finds | None = None) -> tuple[list[Line], list[Problem]]:
    """Convert a parsed page to lines, each with the source line of its element."""
    writer = _Writer(page, finds or Finds(lambda _: None))
    writer.element(page, _Around(Style()))
    writer.end()
    return writer.out.lines, writer.left.problems(name)


class _Writer:
    """Walks the element tree and writes what a browser would show."""

    def __init__(self, page: HtmlElement, finds: Finds) -> None:
        self._finds = finds
        self.left = Leavings()
        self.out = Paragraphs(self.left)
        self._sheets = Sheets(page)
        self._notes = notes(page)
        self._bodies = {note.body: note for note in self._notes.values()}
        self._due: list[Note] = []

    def element(self, node: HtmlElement, around: _Around) -> None:
        """Write an element if a browser shows it."""
        if not isinstance(node.tag, str):
            return
        style = self._sheets.style(node, around.style)
        inside = replace(around, style=style)
        if self._is_left_out(node, style):
            return
        if node.tag in _CONTROLS:
            self._control(node, inside)
        elif node.tag == "br":
            self._say(BREAK, node, inside)
        elif node.tag == "img":
            self._picture(node, inside)
        elif node.tag == "a" and node.get("href") is not None:
            self._link(node, inside)
        elif style.is_block:
            self._block(node, inside)
        else:
            self._content(node, inside)

    def _is_left_out(self, node: HtmlElement, style: Style) -> bool:
        """Return whether an element is invisible; if so, record its content as left out."""
        words, line = node.text_content(), node.sourceline or 0
        if note := self._bodies.get(node):
            if note.is_comment:
                self.left.add("a comment", words.strip().removeprefix(f"[{note.mark}]"), line)
            return True
        if style.is_shown and style.mso_list != "ignore":
            return False
        if style.mso_list != "ignore" and node.tag not in {"head", "script", "style", "title"}:
            self.left.add("hidden words", words, line)
        return True

    def _content(self, node: HtmlElement, around: _Around) -> None:
        opening, closing = ("«", "»") if node.tag == "q" else ("", "")
        self._say(opening + (node.text or ""), node, around)
        for child in node:
            self.element(child, around)
            self._say(child.tail, node, around)
        self._say(closing, node, around)

    def _block(self, node: HtmlElement, around: _Around) -> None:
        """Write a block element: paragraph, heading, list, list entry, table, quotation or container."""
        self.end()
        outermost = self.out.list is None
        if outermost and (node.tag in {"ul", "ol"} or "level" in around.style.mso_list):
            self.out.list = node if node.tag in {"ul", "ol"} else _MSO_LIST
        self.out.depth = around.depth
        if node.tag == "table" and is_of_figures(node):
            self._table(node, around)
        elif node.tag == "blockquote" and _is_quote(node):
            self._quote(node, around)
        elif node.tag in {"ul", "ol"}:
            self._content(node, replace(around, depth=around.depth + around.style.has_markers))
        else:
            self.out.prefix = self._prefix_of(node, around) or self.out.prefix
            is_heading = self.out.prefix.startswith("#")
            self._content(node, replace(around, is_plain=around.is_plain or is_heading))
        self.end()
        self.out.prefix = ""
        self.out.depth = around.depth
        if outermost and self.out.list is not None:
            self.out.list = None
            self._write_notes(around)

    def _prefix_of(self, node: HtmlElement, around: _Around) -> str:
        """Return the Markdown prefix of a block: a list entry's marker by its depth, or a heading's #."""
        if re.fullmatch("h[1-6]", node.tag):
            return "#" * int(node.tag[1]) + " "
        if level := re.search(r"level(\d)", around.style.mso_list):
            return INDENT * (int(level[1]) - 1) + self._mso_mark(node)
        if node.tag == "li" and around.style.has_markers:
            return INDENT * max(around.depth - 1, 0) + list_mark(node)
        return ""

    def _mso_mark(self, node: HtmlElement) -> str:
        """Return the list marker that Word wrote as text into a paragraph."""
        marks = (
            " ".join(part.text_content().split())
            for part in node.iter("span")
            if "ignore" in self._sheets.style(part, Style()).mso_list
        )
        mark = next(filter(None, marks), "")
        return f"{mark} " if _MSO_NUMBER.fullmatch(mark) else "- "

    def _say(self, words: str | None, node: HtmlElement, around: _Around) -> None:
        if not words:
            return
        style = around.style
        if words.strip(" \t\r\n\f") and not style.is_visible:
            self.left.add("hidden words", words, node.sourceline or 0)
            return
        if words.strip(" \t\r\n\f" + BREAK) and style.is_struck:
            self.left.add("struck words", words, node.sourceline or 0)
            return
        if style.keeps_lines:
            words = re.sub(r"\r\n?|\n", BREAK, words)
        if style.raised:
            words = raised(words, style.raised)
        is_marked = not around.is_plain
        run = Run(
            words, style.is_bold and is_marked, style.is_italic and is_marked, self._href(around, words)
        )
        self.out.add(run, node.sourceline or 0)

    def _href(self, around: _Around, words: str) -> str | None:
        link = around.link
        if link is None:
            return None
        if link.paragraph is None and words.strip():
            link.paragraph = self.out.count
        return link.href if link.paragraph in {None, self.out.count} else None

    def end(self) -> None:
        """End the paragraph and write the notes that it refers to."""
        if self.out.end() and self.out.list is None:
            self._write_notes(_Around(Style()))

    def _link(self, node: HtmlElement, around: _Around) -> None:
        href = node.get("href").strip()
        if note := self._notes.get(node):
            if not note.is_comment:
                self._say(raised(note.mark, "sup"), node, around)
                self._due.append(note)
            return
        if href.startswith("#") and len(href) > 1:
            self._content(node, around)  # to a place in this file, which no letter has
            return
        found = unwrap(href)
        if found and found.by == "Google" and found.inside:  # Google Docs puts it around every link
            href = found.inside
        inside = replace(around, link=_Link(href))
        if around.style.is_block:
            self._block(node, inside)
        else:
            self._content(node, inside)

    def _picture(self, node: HtmlElement, around: _Around) -> None:
        mark = self._finds.take(node.get("src") or "", node.get("alt") or "")
        if mark:
            plain = replace(around, link=None, is_plain=True)
            self._say(f"{BREAK}{BREAK}{mark}{BREAK}{BREAK}", node, plain)
        else:
            self.left.picture(node.sourceline or 0)
        words = " ".join((node.get("alt") or "").split())
        href = around.link.href if around.link else ""
        if href and href != "#" and not "".join(_link_words(node)).strip():
            if words:
                self._say(words, node, around)
            else:
                self._say(f"{BREAK}{BREAK}{href}{BREAK}{BREAK}", node, replace(around, link=None))

    def _control(self, node: HtmlElement, around: _Around) -> None:
        """Leave out a form control; keep the text of a link."""
        if node.tag == "button" and (around.link or node.find(".//a[@href]") is not None):
            self._content(node, around)
            return
        words = " ".join(node.text_content().split()) or node.get("src") or node.get("data") or ""
        if words or node.tag not in {"input", "map", "svg", "canvas"}:
            self.left.add(f"<{node.tag}>", words, node.sourceline or 0)

    def _table(self, node: HtmlElement, around: _Around) -> None:
        caption = node.find("caption")
        if caption is not None:
            self._content(caption, around)
            self.end()
        plain = replace(around, is_plain=True)
        cells = grid(node, lambda cell: self._cell(cell, plain))
        rows = rows_in_markdown([row for row in cells if any(row)])
        numbers = [row.sourceline or 0 for row in node.iter("tr")] or [0]
        self.out.write(
            [Line(numbers[min(max(at - 1, 0), len(numbers) - 1)], row) for at, row in enumerate(rows)]
        )
        self._write_notes(around)

    def _cell(self, cell: HtmlElement, around: _Around) -> str:
        """Return the text of a table cell on one line."""
        outer, self.out = self.out, Paragraphs(self.left)
        self.out.list = cell  # lest notes stand within the table
        self._content(cell, replace(around, style=self._sheets.style(cell, around.style), depth=0))
        self.end()
        inner, self.out = self.out, outer
        return " ".join(line.text for line in inner.lines if line.text)

    def _quote(self, node: HtmlElement, around: _Around) -> None:
        for paragraph in node if len(node) and not (node.text or "").strip() else [node]:
            self.out.prefix = "> "
            self._content(paragraph, around)
            self.end()

    def _write_notes(self, around: _Around) -> None:
        """Write the notes referred to so far, each as a paragraph that begins with its mark."""
        due, self._due = self._due, []
        for note in due:
            body = note.body
            if note.way_back is not None:
                note.way_back.text = ""
                for child in list(note.way_back):
                    note.way_back.remove(child)
            self.out.prefix = f"{raised(note.mark, 'sup')} "
            self._content(body, replace(around, link=None))
            self.end()
            self.out.prefix = ""


def _link_words(node: HtmlElement) -> Iterator[str]:
    link = next(node.iterancestors("a"), None)
    return link.itertext() if link is not None else iter(())


def _is_quote(node: HtmlElement) -> bool:
    """Return whether a blockquote is a quotation, not a mail program's quoting or indentation."""
    words = " ".join(node.text_content().split())
    framed = node.get("type") == "cite" or "quote" in (node.get("class") or "")
    return (
        0 < len(words) <= _LONGEST_QUOTE
        and not framed
        and not any(node.find(f".//{tag}") is not None for tag in _NO_QUOTE)
    )
