"""Marks of Markdown, HTML and other systems that would reach readers as they were typed."""

import re
from collections.abc import Iterator

from newsletter.checks.wording import Remark
from newsletter.errors import Severity
from newsletter.render.markdown import tree

_TYPED = (
    (
        re.compile(r"!\[[^\]\n]*\]\s?[(\[][^)\]\n]*[)\]]"),
        "a picture",
        "Put the picture on the page that the link leads to.",
    ),
    (
        re.compile(r"</?[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>|<!--|<!\[", re.IGNORECASE),
        "HTML",
        "Write it in Markdown, or leave it out.",
    ),
    (re.compile(r"\[\^[^\]\s]+\]:?"), "a footnote", "Put the note into the sentence, in brackets."),
    (
        re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\][ \t]", re.MULTILINE),
        "a box to tick",
        "Leave the brackets out.",
    ),
    (re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE), "a mark of code", "Leave it out."),
    (
        re.compile(r"^\[(?!\^)[^\]\n]+\]:[ \t]*\S+", re.MULTILINE),
        "a link's address below the text",
        "Write [words](address).",
    ),
)
"""What is looked for as it was typed."""
_SHOWN = (
    (
        re.compile(
            r"\]\(|\][ \t]+\((?=\0|https?:|www\.|mailto:|[\w-]+\.[a-z]{2,}/)|\][ \t]?\[(?=\0|https?:|www\.)"
        ),
        "a link",
        "Write it [words](https://…), without blanks.",
    ),
    (
        re.compile(r"\*\*|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)"),
        "bold",
        "Put the stars right at the words, and a blank outside.",
    ),
    (re.compile(r"~~"), "a line through words", "Leave the words out."),
    (re.compile(r"`[^`\n]+`"), "code", "Leave the marks out."),
    (re.compile(r"^#{2,6}(?=[^\s#])"), "a heading", "Put a blank after the signs."),
    (re.compile(r"^(?:[-*_=][ \t]*){3,}$"), "a drawn line", "Leave it out."),
    (re.compile(r"^\|.*\|.*\|$"), "a table", "A row like | --- | --- | stands under its headings."),
)
"""What is looked for in the words that are left when the text is rendered, line by line."""

_WHOLE_LINK = re.compile(r"\]\([^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)")
"""A link in its right form whose address is refused, which is said of the address."""


def unrendered(text: str) -> Iterator[Remark]:
    """Find in the Markdown of an item what readers would see as marks, once each."""
    found: dict[str, Remark] = {}
    for pattern, what, hint in _TYPED:
        for match in pattern.finditer(text):
            found.setdefault(what, _remark(match[0].strip(), what, hint))
    for line in _lines(text):
        for pattern, what, hint in _SHOWN:
            if shown := pattern.search(line):
                found.setdefault(what, _remark(shown[0], what, hint))
    if "a picture" in found:
        found.pop("a link", None)
    yield from found.values()


def typed_in_title(title: str) -> Iterator[Remark]:
    """Find the same in a line that is not rendered at all."""
    for pattern, what, hint in (*_SHOWN[:4], _TYPED[0], _TYPED[1]):
        if match := pattern.search(title):
            yield _remark(match[0], what, f"A title is plain text. {hint}")


def _lines(text: str) -> Iterator[str]:
    """Return the words of a text as they are shown, a line each; links' words and addresses are left out."""
    for node in tree(text).walk():
        if node.type == "inline":
            shown = "".join(
                part.content if part.type == "text" else "\n" if part.type.endswith("break") else "\0"
                for part in node.walk()
                if part.type in {"text", "softbreak", "hardbreak", "link"} and not _in_link(part)
            )
            yield from _WHOLE_LINK.sub("]", shown).split("\n")


def _in_link(node: object) -> bool:
    parent = getattr(node, "parent", None)
    while parent is not None:
        if parent.type == "link":
            return True
        parent = parent.parent
    return False


def _remark(words: str, what: str, hint: str) -> Remark:
    return Remark(
        severity=Severity.WARNING,
        words=words,
        text=f"readers would see the marks of {what}: {words[:60]!r}",
        hint=hint,
    )
