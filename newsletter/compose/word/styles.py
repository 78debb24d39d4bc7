"""Compute the formatting of paragraphs and runs from Word's styles and direct properties."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.etree import _Element

from newsletter.compose.word.xml import attribute, child, local

_OFF = ("0", "false", "off", "none")
_TOGGLES = ("b", "i", "strike", "dstrike", "vanish", "caps")
_DEEPEST = 20
"""Styles that a style may be based on, one on another; Word's own limit is 11."""
_LEVELS = 6


@dataclass(frozen=True, slots=True)
class Look:
    """The formatting of a run."""

    is_bold: bool
    is_italic: bool
    is_struck: bool
    is_hidden: bool
    is_capital: bool
    raised: str
    font: str

    @property
    def css(self) -> str:
        """The formatting as an HTML style attribute."""
        said = (
            (self.is_bold, "font-weight:bold"),
            (self.is_italic, "font-style:italic"),
            (self.is_struck, "text-decoration:line-through"),
            (self.is_hidden, "display:none"),
            (bool(self.raised), f"vertical-align:{self.raised}"),
        )
        return ";".join(rule for holds, rule in said if holds)


class Styles:
    """The styles of a document."""

    def __init__(self, root: _Element | None) -> None:
        self._styles: dict[str, _Element] = {}
        self._default = None
        for node in root if root is not None else ():
            if local(node) == "style":
                self._styles[attribute(node, "styleId") or ""] = node
                if attribute(node, "type") == "paragraph" and attribute(node, "default") in {
                    "1",
                    "true",
                    "on",
                }:
                    self._default = attribute(node, "styleId")

    def heading(self, properties: _Element | None) -> int:
        """Return the heading level of a paragraph, 0 for other paragraphs."""
        for place in (properties, *(child(style, "pPr") for style in self._of_paragraph(properties))):
            level = attribute(child(place, "outlineLvl"), "val") or ""
            if level.isdecimal():
                return int(level) + 1 if int(level) < _LEVELS else 0
        for style in self._of_paragraph(properties):
            name = (attribute(child(style, "name"), "val") or "").casefold()
            if name == "title":
                return 1
            if found := re.fullmatch(r"heading ([1-6])", name):
                return int(found[1])
        return 0

    def numbering(self, properties: _Element | None) -> tuple[str, int] | None:
        """Return the id of a paragraph's list and its level in it, or None."""
        ids: str | None = None
        level: str | None = None
        for place in (properties, *(child(style, "pPr") for style in self._of_paragraph(properties))):
            numbering = child(place, "numPr")
            ids = ids or attribute(child(numbering, "numId"), "val")
            level = level or attribute(child(numbering, "ilvl"), "val")
        return (ids, int(level or 0)) if ids and ids != "0" and (level or "0").isdecimal() else None

    def look(self, run: _Element | None, paragraph: _Element | None) -> Look:
        """Compute the formatting of a run from its properties and those of its paragraph."""
        direct = child(run, "rPr") if run is not None and local(run) != "rPr" else run
        toggles = {name: self._toggle(name, direct, paragraph) for name in _TOGGLES}
        raised = self._value("vertAlign", direct, paragraph)
        fonts = child(direct, "rFonts")
        return Look(
            is_bold=toggles["b"],
            is_italic=toggles["i"],
            is_struck=toggles["strike"] or toggles["dstrike"],
            is_hidden=toggles["vanish"],
            is_capital=toggles["caps"],
            raised={"superscript": "super", "subscript": "sub"}.get(raised, ""),
            font=attribute(fonts, "ascii") or attribute(fonts, "hAnsi") or "",
        )

    def _toggle(self, name: str, direct: _Element | None, paragraph: _Element | None) -> bool:
        """Return a toggle property, which paragraph and character styles invert (ECMA-376 part 1, 17.7.3)."""
        own = child(direct, name)
        if own is not None:
            return _is_on(own)
        of_run = self._in(self._of_run(direct), name)
        of_paragraph = self._in(self._of_paragraph(paragraph), name)
        return (of_run is not None and _is_on(of_run)) != (of_paragraph is not None and _is_on(of_paragraph))

    def _value(self, name: str, direct: _Element | None, paragraph: _Element | None) -> str:
        for found in (
            child(direct, name),
            self._in(self._of_run(direct), name),
            self._in(self._of_paragraph(paragraph), name),
        ):
            if found is not None:
                return attribute(found, "val") or ""
        return ""

    @staticmethod
    def _in(styles: Iterator[_Element], name: str) -> _Element | None:
        return next((found for style in styles if (found := child(style, "rPr", name)) is not None), None)

    def _of_run(self, direct: _Element | None) -> Iterator[_Element]:
        return self._chain(attribute(child(direct, "rStyle"), "val"))

    def _of_paragraph(self, properties: _Element | None) -> Iterator[_Element]:
        return self._chain(attribute(child(properties, "pStyle"), "val") or self._default)

    def _chain(self, name: str | None) -> Iterator[_Element]:
        """Return a style and the styles it is based on."""
        for _ in range(_DEEPEST):
            style = self._styles.get(name or "")
            if style is None:
                return
            yield style
            name = attribute(child(style, "basedOn"), "val")


def _is_on(node: _Element) -> bool:
    return (attribute(node, "val") or "1").casefold() not in _OFF
