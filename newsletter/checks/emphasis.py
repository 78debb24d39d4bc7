"""Bold type that is uneven: half a word bold, or a name bold in one place and not in another."""

import re
from collections.abc import Iterator, Mapping, Sequence

from markdown_it.tree import SyntaxTreeNode

from newsletter.checks.remark import Remark
from newsletter.errors import Message
from newsletter.model import Item
from newsletter.render.markdown import tree

_WORD = re.compile(r"[А-ЯІЇЄҐ][\w’'-]*")
_NAME = re.compile(r"[А-ЯІЇЄҐ][а-яіїєґ’'-]+(?:[ \u00a0][А-ЯІЇЄҐ][а-яіїєґ’'-]+){1,2}")


def half_bold(text: str) -> Iterator[Remark]:
    """Yield a remark for each word of a Markdown text of which a part is bold; one letter may be meant."""
    for node in _inlines(text):
        beside = [None, *node.children, None]
        for number, bold in enumerate(node.children):
            if bold.type != "strong":
                continue
            before, after = beside[number], beside[number + 2]
            words = _said(bold)
            head = re.search(r"\w*$", _said(before))[0] if before else ""  # type: ignore[index]  # matches anything
            tail = re.match(r"\w*", _said(after))[0] if after else ""  # type: ignore[index]  # likewise
            first, last = re.match(r"\w*", words), re.search(r"\w*$", words)
            cut = (head and first and len(first[0]) > 1) or (tail and last and len(last[0]) > 1)
            if cut:
                whole = f"{head}{words}{tail}"
                yield Remark(
                    code="bold-half",
                    words=f"**{words}**",
                    text=Message("only a part of a word is bold: %(words)s", words=whole),
                    hint="Put the asterisks around whole words.",
                )


def uneven_names(items: Sequence[Item]) -> Iterator[tuple[Item, Remark]]:
    """Yield each item with a name that another item has in bold, and it has not, in the same form."""
    bold = {item.id: set(_bold_names(item.text)) for item in items}
    homes = {name: item for item in items for name in bold[item.id]}
    begins: dict[str, list[str]] = {}
    for name in sorted(homes, key=len, reverse=True):
        begins.setdefault(_WORD.match(name)[0], []).append(name)  # type: ignore[index]  # a name begins with one
    for item in items if homes else ():
        for name in dict.fromkeys(_names_in(item.text, begins)):
            if name not in bold[item.id]:
                yield (
                    item,
                    Remark(
                        code="bold-uneven",
                        words=name,
                        text=Message(
                            "%(name)s is bold in %(path)s, but not here", name=name, path=homes[name].at.path
                        ),
                        hint="Make names bold everywhere, or nowhere.",
                    ),
                )


def _names_in(text: str, begins: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the known names in a text, which are looked up by their first word."""
    for word in _WORD.finditer(text):
        for name in begins.get(word[0], ()):
            end = word.start() + len(name)
            if text.startswith(name, word.start()) and not text[end : end + 1].isalnum():
                yield name
                break


def _bold_names(text: str) -> Iterator[str]:
    for node in _inlines(text):
        for part in node.walk():
            if part.type == "strong" and _NAME.fullmatch(name := _said(part)):
                yield name


def _inlines(text: str) -> Iterator[SyntaxTreeNode]:
    if "**" in text or "__" in text:
        yield from (node for node in tree(text).walk() if node.type == "inline")


def _said(node: SyntaxTreeNode) -> str:
    if node.children:
        return "".join(map(_said, node.children))
    return node.content if node.type == "text" else " "
