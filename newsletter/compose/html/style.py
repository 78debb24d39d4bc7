"""Compute the CSS properties that change what a reader sees: hidden, struck, bold, block.

Style sheets inside the page and style attributes count; so do the defaults of browsers (HTML 5, 15.3).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import tinycss2
from cssselect import SelectorError, parse
from lxml.cssselect import CSSSelector, ExpressionError
from lxml.html import HtmlElement
from lxml.html.defs import block_tags

_HTML5_BLOCKS = (
    "article", "aside", "details", "dialog", "figcaption", "figure", "footer", "header", "hgroup", "main",
    "nav", "search", "section", "summary",
)  # fmt: skip
_BLOCKS = block_tags - {"del", "ins", "iframe", "noscript"} | {
    "html",
    "body",
    "tr",
    "td",
    "th",
    "caption",
    *_HTML5_BLOCKS,
}
_NEVER_SHOWN = (
    "area", "base", "basefont", "datalist", "head", "link", "meta", "noembed", "noframes", "noscript",
    "param", "rp", "script", "source", "style", "template", "title", "track",
)  # fmt: skip
_BOLD, _ITALIC = frozenset(("b", "strong")), frozenset(("em", "i", "cite", "var", "dfn"))
_STRUCK = frozenset(("s", "strike", "del"))
_KEEPS_LINES = frozenset(("pre", "listing", "xmp"))
_READ = (
    "display", "visibility", "text-decoration", "text-decoration-line", "font-weight", "font-style",
    "white-space", "mso-hide", "mso-list", "list-style", "list-style-type", "vertical-align",
)  # fmt: skip
_MOST_RULES = 5000
_EVERYWHERE = ("", "all", "screen", "only screen")

Declarations = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Style:
    """The computed style of an element, which its children inherit."""

    is_shown: bool = True
    is_visible: bool = True
    is_block: bool = True
    is_flex: bool = False
    is_bold: bool = False
    is_italic: bool = False
    is_struck: bool = False
    keeps_lines: bool = False
    raised: str = ""
    has_markers: bool = True
    mso_list: str = ""


class Sheets:
    """The style sheets of `page`; each selector is matched only once."""

    def __init__(self, page: HtmlElement) -> None:
        found: defaultdict[HtmlElement, list[tuple[tuple[bool, Any, int], Declarations]]] = defaultdict(list)
        text = "\n".join(
            node.text or "" for node in page.iter("style") if node.get("media", "") in _EVERYWHERE
        )
        for order, (selector, declarations, is_important) in enumerate(_rules(text)):
            for path, specificity in _selectors(selector):
                for element in cast("list[HtmlElement]", path(page)):
                    found[element].append(((is_important, specificity, order), declarations))
        self._matched = found

    def style(self, node: HtmlElement, above: Style) -> Style:
        """Return the computed style of `node`; `above` is the parent's."""
        tag = node.tag
        said = self._declared(node)
        display = said.get("display", "")
        hidden_by_tag = tag in _NEVER_SHOWN or node.get("hidden") is not None
        if tag == "dialog" and node.get("open") is None:
            hidden_by_tag = True
        is_block = tag in _BLOCKS or above.is_flex
        if display:
            is_block = above.is_flex or (
                not display.startswith("inline") and display not in {"contents", "none"}
            )
        return replace(
            above,
            is_shown=display != "none"
            and said.get("mso-hide") != "all"
            and (bool(display) or not hidden_by_tag),
            is_visible=_visible(said, above),
            is_block=is_block,
            is_flex=display in {"flex", "grid"},
            is_bold=_bold(tag, said, above),
            is_italic=_italic(tag, said, above),
            is_struck=above.is_struck or tag in _STRUCK or "line-through" in _decoration(said),
            keeps_lines=_keeps_lines(tag, said, above),
            raised=_raised(tag, said) or above.raised,
            has_markers=_has_markers(tag, said, above),
            mso_list=said.get("mso-list", ""),
        )

    def _declared(self, node: HtmlElement) -> dict[str, str]:
        """Return the declarations for an element from rules and its style attribute, in cascade order."""
        said: dict[str, str] = {}
        rules = sorted(self._matched.get(node, ()), key=lambda rule: rule[0])
        own = list(_declarations(tinycss2.parse_declaration_list(node.get("style") or "")))
        for (is_important, _, _), declarations in rules:
            if not is_important:
                said |= declarations
        for declarations, is_important in own:
            if not is_important:
                said |= declarations
        for (is_important, _, _), declarations in rules:
            if is_important:
                said |= declarations
        for declarations, is_important in own:
            if is_important:
                said |= declarations
        return said


def _rules(text: str) -> Iterator[tuple[str, Declarations, bool]]:
    """Return each rule: selector, its declarations that matter here, and whether it is !important."""
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    for rule in rules[:_MOST_RULES]:
        if rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content is not None:
            if tinycss2.serialize(rule.prelude).strip().casefold() in _EVERYWHERE:
                yield from _rules(tinycss2.serialize(rule.content))
        elif rule.type == "qualified-rule":
            for declarations, is_important in _declarations(tinycss2.parse_declaration_list(rule.content)):
                yield tinycss2.serialize(rule.prelude), declarations, is_important


def _declarations(nodes: Iterable[Any]) -> Iterator[tuple[Declarations, bool]]:
    said: dict[bool, dict[str, str]] = {False: {}, True: {}}
    for node in nodes:
        if node.type == "declaration" and node.lower_name in _READ:
            said[node.important][node.lower_name] = tinycss2.serialize(node.value).strip().casefold()
    for is_important, declared in said.items():
        if declared:
            yield declared, is_important


def _selectors(text: str) -> Iterator[tuple[CSSSelector, Any]]:
    """Return the selectors of a rule that can be matched, without those for states such as :hover."""
    try:
        for selector in parse(text):
            if selector.pseudo_element is None:
                yield CSSSelector(selector.canonical(), translator="html"), selector.specificity()
    except (SelectorError, ExpressionError, RecursionError):
        return


def _visible(said: Declarations, above: Style) -> bool:
    return (
        above.is_visible if said.get("visibility") in {None, "inherit"} else said["visibility"] == "visible"
    )


def _bold(tag: str, said: Declarations, above: Style) -> bool:
    weight = said.get("font-weight", "")
    if weight.isdigit():
        return int(weight) >= 600  # noqa: PLR2004  CSS Fonts 4: below, it looks like text
    if weight:
        return weight in {"bold", "bolder"} or (weight == "inherit" and above.is_bold)
    return above.is_bold or tag in _BOLD


def _italic(tag: str, said: Declarations, above: Style) -> bool:
    slant = said.get("font-style", "")
    if slant:
        return slant.startswith(("italic", "oblique")) or (slant == "inherit" and above.is_italic)
    return above.is_italic or tag in _ITALIC


def _decoration(said: Declarations) -> str:
    return f"{said.get('text-decoration', '')} {said.get('text-decoration-line', '')}"


def _keeps_lines(tag: str, said: Declarations, above: Style) -> bool:
    if space := said.get("white-space", ""):
        return space.startswith(("pre", "break-spaces"))
    return above.keeps_lines or tag in _KEEPS_LINES


def _raised(tag: str, said: Declarations) -> str:
    if tag in {"sup", "sub"}:
        return tag
    return {"super": "sup", "sub": "sub"}.get(said.get("vertical-align", ""), "")


def _has_markers(tag: str, said: Declarations, above: Style) -> bool:
    shape = f" {said.get('list-style', '')} {said.get('list-style-type', '')} "
    if shape.strip():
        return " none " not in shape
    return True if tag in {"ul", "ol"} else above.has_markers
