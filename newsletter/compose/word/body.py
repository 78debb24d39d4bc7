"""Convert the text of a Word document to HTML like that which Word itself writes.

Changes are accepted; what Word hides or strikes keeps that style, so `html.source` leaves it out by line.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from lxml.etree import _Element
from lxml.html import Element, HtmlElement

from newsletter.compose.word.fields import Fields, address
from newsletter.compose.word.html import add, append, new, say
from newsletter.compose.word.numbers import Numbering
from newsletter.compose.word.package import DamagedError, Package
from newsletter.compose.word.styles import Styles
from newsletter.compose.word.symbols import is_of_signs, sign
from newsletter.compose.word.xml import (
    THROUGH,
    attribute,
    below,
    cells,
    child,
    chosen,
    is_within,
    local,
    rows,
    words_of,
)
from newsletter.errors import Message

_DELETED = ("del", "moveFrom")
_BULLET, _COUNTED = "·", re.compile(r"\(?\w{1,6}(?:\.\w{1,3})*[.)]?")
_SHORT_BOX = 400
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f]")


@dataclass(slots=True)
class _Paragraph:
    """A paragraph that is still being read, and the text boxes beside it."""

    node: HtmlElement
    properties: _Element | None
    link: str | None = None
    boxes: list[_Element] = field(default_factory=list)
    is_deleted: bool = False


class Converter:
    """Converts the document in one pass; its state is the open fields, the lists, and the notes seen."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._styles = Styles(package.part("styles"))
        self._numbering = Numbering(package.part("numbering"))
        self._addresses = package.addresses(package.main)
        self._images = package.targets(package.main)
        self._fields = Fields()
        self._count = 0
        self._notes: list[tuple[str, str, int]] = []
        self._held: _Paragraph | None = None

    def run(self) -> HtmlElement:
        """Convert the document to a page of HTML. Raises DamagedError."""
        document = self._package.read(self._package.main)
        body = child(document, "body")
        if body is None:
            raise DamagedError
        page: HtmlElement = Element("html")
        out = add(page, "body", 0)
        self._blocks(body, out)
        for kind, number, line in self._notes:
            self._note(kind, number, line, out)
        return page

    def _blocks(self, above: _Element, out: HtmlElement) -> None:
        for node in above:
            name = local(node)
            if name == "p":
                self._paragraph(node, out)
            elif name == "tbl":
                self._table(node, out)
            elif name == "sdt":
                self._blocks(content, out) if (content := child(node, "sdtContent")) is not None else None
            elif name in THROUGH or name == "AlternateContent":
                self._blocks(chosen(node), out)
            elif name == "altChunk":
                self._left(out, "an inserted file")

    def _paragraph(self, node: _Element, out: HtmlElement) -> None:
        self._count += 1
        properties = child(node, "pPr")
        paragraph, self._held = self._held, None
        if paragraph is None or paragraph.node.getparent() is not out:
            paragraph = self._begin(properties, out)
        self._runs(node, paragraph)
        mark = child(properties, "rPr")
        if mark is not None and any(local(one) in {*_DELETED, "specVanish"} for one in mark):
            self._held = paragraph  # without its mark it goes on in the next
            return
        self._fields.end_paragraph()
        boxes, paragraph.boxes = paragraph.boxes, []
        for box in boxes:
            self._box(box, out)

    def _begin(self, properties: _Element | None, out: HtmlElement) -> _Paragraph:
        level = self._styles.heading(properties)
        node = add(out, f"h{level}" if level else "p", self._count)
        numbering = None if level else self._styles.numbering(properties)
        if numbering is not None and not _is_struck_mark(properties):
            mark = self._numbering.mark(*numbering)
            if mark == "•" or _COUNTED.fullmatch(mark):
                node.set("style", f"mso-list:l0 level{numbering[1] + 1} lfo1")
                ignored = add(node, "span", self._count, style="mso-list:Ignore")
                ignored.text = _BULLET if mark == "•" else mark if mark[-1] in ".)" else f"{mark}."
            elif mark:
                say(node, f"{mark} ")
        return _Paragraph(node=node, properties=properties)

    def _runs(self, above: _Element, paragraph: _Paragraph) -> None:
        for node in above:
            name = local(node)
            if name == "r":
                self._run(node, paragraph)
            elif name == "hyperlink":
                self._within_link(node, paragraph, self._address(node))
            elif name == "fldSimple":
                code = attribute(node, "instr") or ""
                self._within_link(node, paragraph, address(code) or paragraph.link)
            elif name in _DELETED:
                self._within_deleted(node, paragraph)
            elif name == "sdt":
                self._runs(content, paragraph) if (content := child(node, "sdtContent")) is not None else None
            elif name in THROUGH or name == "AlternateContent":
                self._runs(chosen(node), paragraph)
            elif name in {"oMath", "oMathPara"}:
                say(paragraph.node, words_of(node))

    def _within_link(self, node: _Element, paragraph: _Paragraph, link: str | None) -> None:
        outer, paragraph.link = paragraph.link, link
        self._runs(node, paragraph)
        paragraph.link = outer

    def _within_deleted(self, node: _Element, paragraph: _Paragraph) -> None:
        """Walk deleted text only for the fields that begin or end in it."""
        outer, paragraph.is_deleted = paragraph.is_deleted, True
        self._runs(node, paragraph)
        paragraph.is_deleted = outer

    def _address(self, node: _Element) -> str | None:
        outside = self._addresses.get(attribute(node, "id") or "", "")
        anchor = attribute(node, "anchor") or ""
        return f"{outside}#{anchor}" if anchor and "#" not in outside else outside or None

    def _run(self, run: _Element, paragraph: _Paragraph) -> None:
        look = self._styles.look(run, paragraph.properties)
        is_heading = paragraph.node.tag != "p"
        out: list[Any] = []
        for node in run:
            name = local(node)
            if name == "fldChar":
                out.append(self._fields.mark(attribute(node, "fldCharType")))
            elif name in {"instrText", "delInstrText"}:
                self._fields.add_code(node.text or "")
            elif not paragraph.is_deleted and not self._fields.is_in_code:
                out += self._piece(node, name, look.font, paragraph)
        if paragraph.is_deleted:
            return
        capitals = look.is_capital and not is_heading
        pieces = [
            piece.upper() if capitals and isinstance(piece, str) else piece for piece in out if piece != ""
        ]
        if pieces:
            link = paragraph.link or self._fields.link
            append(paragraph.node, pieces, look.css, link, self._count)

    def _piece(self, node: _Element, name: str, font: str, paragraph: _Paragraph) -> list[Any]:
        """Convert a part of a run to text or HTML elements."""
        if name in {"tab", "ptab", "noBreakHyphen"}:
            return ["\u2011" if name == "noBreakHyphen" else " "]
        if name in {"br", "cr"}:
            return [new("br", self._count)] if attribute(node, "type") in {None, "textWrapping"} else [" "]
        if name.endswith("Reference"):
            return self._reference(name.removesuffix("Reference"), attribute(node, "id") or "")
        if name in {"drawing", "pict", "object", "AlternateContent"}:
            return self._picture(chosen(node), paragraph)
        if name == "sym":
            return self._sign(attribute(node, "font") or "", attribute(node, "char") or "")
        base = node if name == "t" else child(node, "rubyBase")
        return [_as_signs(words_of(base), font)] if base is not None else []

    def _sign(self, font: str, code: str) -> list[Any]:
        shown = sign(font, int(code, 16)) if re.fullmatch("[0-9A-Fa-f]{1,4}", code) else None
        if shown is None:
            left = new("object", self._count)
            left.text = Message("a sign of the font %(font)s", font=font)
            return [left]
        return [shown]

    def _reference(self, kind: str, number: str) -> list[Any]:
        name = f"{'cmnt' if kind == 'comment' else kind}-{number}"
        self._notes.append((kind, number, self._count))
        link = new("a", self._count)
        link.set("href", f"#{name}")
        link.text = "a" if kind == "comment" else str(sum(one != "comment" for one, _, _ in self._notes))
        return [link]

    def _note(self, kind: str, number: str, line: int, out: HtmlElement) -> None:
        path = self._package.path(f"{kind}s")
        root = self._package.read(path)
        self._addresses = self._package.addresses(path)
        found = (
            next((one for one in root if attribute(one, "id") == number), None) if root is not None else None
        )
        body = add(out, "div", line, id=f"{'cmnt' if kind == 'comment' else kind}-{number}")
        if found is not None:
            self._count = line - 1
            self._blocks(found, body)
            for node in body.iter():
                node.sourceline = max(line, 1)

    def _picture(self, node: _Element, paragraph: _Paragraph) -> list[Any]:
        """Return the picture of a drawing; text inside the drawing goes below the paragraph."""
        boxes = [one for one in below(node, "txbxContent") if not is_within(one, "Fallback", node)]
        paragraph.boxes += boxes
        if any(True for _ in below(node, "chart")):
            return [self._object("a chart")]
        if any(True for _ in below(node, "OLEObject")):
            return [self._object("an embedded object")]
        if not any(local(one) in {"blip", "imagedata"} for one in node.iter()):
            return []
        picture = new("img", self._count)
        picture.set("src", self._image(node))
        picture.set("alt", next((attribute(one, "descr") or "" for one in below(node, "docPr")), ""))
        link = next((self._address(one) for one in below(node, "hlinkClick")), None)
        link = link or next((attribute(one, "href") for one in below(node, "shape")), None)
        if link and not paragraph.link:
            around = new("a", self._count)
            around.set("href", link)
            around.append(picture)
            return [around]
        return [picture]

    def _image(self, node: _Element) -> str:
        """Return the path of the part that holds a drawing's picture, or nothing."""
        numbers = [
            attribute(one, "embed") or attribute(one, "id") or ""
            for one in node.iter()
            if local(one) in {"blip", "imagedata"}
        ]
        return next((self._images[number] for number in numbers if number in self._images), "")

    def _object(self, what: str) -> HtmlElement:
        left = new("object", self._count)
        left.text = what
        return left

    def _left(self, out: HtmlElement, what: str) -> None:
        out.append(self._object(what))

    def _box(self, box: _Element, out: HtmlElement) -> None:
        """Write a text box: a short one without links as a quotation, others as ordinary blocks."""
        words = words_of(box)
        links = any(local(one) in {"hyperlink", "fldChar", "tbl"} for one in box.iter())
        tag = "blockquote" if len(words) <= _SHORT_BOX and not links else "div"
        self._blocks(box, add(out, tag, self._count))

    def _table(self, node: _Element, out: HtmlElement) -> None:
        table = add(out, "table", self._count + 1)
        for row in rows(node):
            properties = child(row, "trPr")
            if child(properties, "del") is not None:
                continue
            line = add(table, "tr", self._count + 1)
            is_head = child(properties, "tblHeader") is not None
            for cell in cells(row):
                layout = child(cell, "tcPr")
                into = add(line, "th" if is_head else "td", self._count + 1)
                into.set("colspan", attribute(child(layout, "gridSpan"), "val") or "1")
                merge = child(layout, "vMerge")
                if merge is None or attribute(merge, "val") == "restart":
                    self._blocks(cell, into)
                else:
                    self._count += sum(1 for _ in below(cell, "p"))


def _is_struck_mark(properties: _Element | None) -> bool:
    """Return whether a paragraph's mark, and with it its list number, was deleted."""
    mark = child(properties, "rPr")
    return mark is not None and child(mark, "del") is not None


def _as_signs(text: str, font: str) -> str:
    text = _CONTROLS.sub("", text)
    return "".join(sign(font, ord(letter)) or letter for letter in text) if is_of_signs(font) else text
