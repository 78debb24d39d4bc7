"""Find Markdown, HTML and other markup that would reach readers unrendered, as typed characters."""

import re
from collections.abc import Iterator
from operator import itemgetter

from markdown_it.tree import SyntaxTreeNode

from newsletter.checks.remark import Remark
from newsletter.errors import Message
from newsletter.render.markdown import tree

_WITHIN = r"^[ \t]*(?:(?:>|[-*+]|\d+[.)])[ \t]+){0,10}"
"""The beginning of a line, also of one in quotes and lists."""
_PICTURE, _LINK, _RULE, _BOLD = "a picture", "a link", "a horizontal rule", "bold"
_FENCE, _CODE, _STRUCK = "a code fence", "code", "strikethrough"
_PART_OF = {_LINK: _PICTURE, _BOLD: _RULE, _CODE: _FENCE, _STRUCK: _FENCE}
"""What is not said of a line where the other is found: it consists of the same characters."""

_TYPED = (
    (
        re.compile(r"!\[[^\]\n]{0,1000}\](?:\s?[(\[][^)\]\n]*[)\]])?"),
        _PICTURE,
        "Name it in `picture:`, or put it on the page that the link leads to.",
    ),
    (
        re.compile(r"</?[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>|<!--|<!\[|<\?[a-z]|<![a-z][^<>\n]*>", re.IGNORECASE),
        "HTML",
        "Write it in Markdown, or remove it.",
    ),
    (re.compile(r"\[\^[^\]\s]+\]:?"), "a footnote", "Put the note into the sentence, in brackets."),
    (
        re.compile(_WITHIN + r"(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\](?=[ \t])", re.MULTILINE),
        "a checkbox",
        "Remove the brackets.",
    ),
    (re.compile(_WITHIN + r"(?:[-*_=][ \t]*){3,}$", re.MULTILINE), _RULE, "Remove it."),
    (
        re.compile(_WITHIN + r"\[(?!\^)[^\]\n]+\]:[ \t]*\S+", re.MULTILINE),
        "a reference link",
        "Write [words](address).",
    ),
)
"""Patterns searched for in the text as typed."""
_SHOWN = (
    (
        re.compile(
            r"\]\(|\][ \t]+\((?=\0|https?:|www\.|mailto:|[\w-]+\.[a-z]{2,}/)|\][ \t]?\[(?=\0|https?:|www\.)"
        ),
        _LINK,
        "Write it [words](https://…), without spaces.",
    ),
    (
        re.compile(r"\*\*|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)"),
        _BOLD,
        "Put the asterisks directly at the words, and a space outside.",
    ),
    (
        re.compile(r"(?<![~\w])~(?=[^\s~])[^~\n]*[^\s~]~(?!~)|(?<!~)~~(?!~)"),
        _STRUCK,
        "Remove the words.",
    ),
    (re.compile(r"(?<![\w`])`+(?!`)[^`]+`+(?![\w`])|``"), _CODE, "Remove the backticks."),
    (re.compile(r"^#{2,6}(?=[^\s#])", re.MULTILINE), "a heading", "Put a space after the # signs."),
    (
        re.compile(r"^\|.*\|.*\|$", re.MULTILINE),
        "a table",
        "Put a row such as | --- | --- | under its headings.",
    ),
)
"""Patterns searched for in the visible text after rendering, paragraph by paragraph."""

_OPENING = re.compile(_WITHIN + r"(```|~~~)[^`]*$")
_DEFINITION = re.compile(_WITHIN + r"\[(?!\^)([^\]\n]+)\]:[ \t]*\S", re.MULTILINE)
_REFERENCE = re.compile(r"\[(?!\^)([^\[\]\n]+)\](?:\[([^\[\]\n]*)\])?(?![(:])")

_WHOLE_LINK = re.compile(r"\]\([^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)")
"""A well-formed link whose address is refused; another check reports the address."""

_Mark = tuple[int, str, str, str]
"""Where markup stands: its line, counted from 0, its characters, its kind, and a hint."""


def unrendered(text: str) -> Iterator[Remark]:
    """Yield a remark for each line with markup that readers would see as typed, one for each kind there."""
    lines = text.split("\n")
    found: dict[tuple[int, str], Remark] = {}
    for number, words, what, hint in sorted([*_typed(text), *_visible(text)], key=itemgetter(0)):
        line = lines[number] if number < len(lines) else ""
        found.setdefault((number, what), _remark(words, what, hint, line))
    for (number, what), remark in found.items():
        if (number, _PART_OF.get(what)) not in found:
            yield remark


def typed_in_title(title: str) -> Iterator[Remark]:
    """Yield the same for a title, which is not rendered at all."""
    for pattern, what, hint in (*_SHOWN[:4], _TYPED[0], _TYPED[1]):
        if match := pattern.search(title):
            yield _remark(
                match[0], what, Message("A title is plain text. %(hint)s", hint=Message(hint)), title
            )


def _typed(text: str) -> Iterator[_Mark]:
    """Yield the markup that can be told from the text as typed."""
    for pattern, what, hint in _TYPED:
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()), match[0].strip().partition("\n")[0], what, hint
    fence = ""
    for number, line in enumerate(text.split("\n")):
        if fence:
            fence = "" if line.strip(" \t>").startswith(fence) else fence
        elif opening := _OPENING.match(line):
            fence = opening[1]
            yield number, line.strip(), _FENCE, "Remove it."
    labels = {match[1].casefold() for match in _DEFINITION.finditer(text)}
    for match in _REFERENCE.finditer(text) if labels else ():
        if (match[2] or match[1]).casefold() in labels:
            number = text.count("\n", 0, match.start())
            yield number, match[0], "a reference link", "Write [words](address)."


def _visible(text: str) -> Iterator[_Mark]:
    """Yield the markup that is seen only after rendering."""
    for first, shown in _paragraphs(text):
        for pattern, what, hint in _SHOWN:
            for match in pattern.finditer(shown):
                words = match[0].replace("\0", "").partition("\n")[0]
                yield first + shown.count("\n", 0, match.start()), words, what, hint


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line and the visible text of each paragraph, heading and cell.

    Of a link only its place is left, and of the address in a well-formed one that is refused nothing.
    """
    for node in tree(text).walk():
        if node.type == "inline":
            shown = "".join(map(_shown, node.walk()))
            yield _first_line(node), _WHOLE_LINK.sub("]", shown)


def _shown(part: SyntaxTreeNode) -> str:
    if part.type.endswith("break"):
        return "\n"
    if part.type == "link":
        return "\0"
    return part.content if part.type == "text" and not _in_link(part) else ""


def _first_line(node: SyntaxTreeNode | None) -> int:
    """Return the line on which a node begins, counted from 0; a cell begins where its row does."""
    while node is not None:
        if not node.is_root and node.map:
            return node.map[0]
        node = node.parent
    return 0


def _in_link(node: SyntaxTreeNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.type == "link":
            return True
        parent = parent.parent
    return False


def _remark(words: str, what: str, hint: str, line: str) -> Remark:
    return Remark(
        code="markup-unrendered",
        words=words,
        text=Message(
            "readers would see %(what)s as typed characters: %(words)r", what=Message(what), words=words[:60]
        ),
        hint=hint,
        line=line.strip(),
    )
