"""Find Markdown, HTML and other markup that would reach readers unrendered, as typed characters."""

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
        "Write it in Markdown, or remove it.",
    ),
    (re.compile(r"\[\^[^\]\s]+\]:?"), "a footnote", "Put the note into the sentence, in brackets."),
    (
        re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\][ \t]", re.MULTILINE),
        "a checkbox",
        "Remove the brackets.",
    ),
    (re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE), "a code fence", "Remove it."),
    (
        re.compile(r"^\[(?!\^)[^\]\n]+\]:[ \t]*\S+", re.MULTILINE),
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
        "a link",
        "Write it [words](https://…), without spaces.",
    ),
    (
        re.compile(r"\*\*|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)"),
        "bold",
        "Put the asterisks directly at the words, and a space outside.",
    ),
    (re.compile(r"~~"), "strikethrough", "Remove the words."),
    (re.compile(r"`[^`\n]+`"), "code", "Remove the backticks."),
    (re.compile(r"^#{2,6}(?=[^\s#])"), "a heading", "Put a space after the # signs."),
    (re.compile(r"^(?:[-*_=][ \t]*){3,}$"), "a horizontal rule", "Remove it."),
    (re.compile(r"^\|.*\|.*\|$"), "a table", "Put a row such as | --- | --- | under its headings."),
)
"""Patterns searched for in the visible text after rendering, line by line."""

_WHOLE_LINK = re.compile(r"\]\([^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)")
"""A well-formed link whose address is refused; another check reports the address."""


def unrendered(text: str) -> Iterator[Remark]:
    """Yield a remark for each kind of markup in a Markdown text that readers would see as typed."""
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
    """Yield the same for a title, which is not rendered at all."""
    for pattern, what, hint in (*_SHOWN[:4], _TYPED[0], _TYPED[1]):
        if match := pattern.search(title):
            yield _remark(match[0], what, f"A title is plain text. {hint}")


def _lines(text: str) -> Iterator[str]:
    """Yield the visible lines of a Markdown text, without the texts and addresses of links."""
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
        text=f"readers would see {what} as typed characters: {words[:60]!r}",
        hint=hint,
    )
