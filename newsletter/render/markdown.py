"""The Markdown of items: bold, emphasis, links, lists, quotes, headings, tables. HTML is shown as typed."""

import re
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from newsletter.render.characters import printable
from newsletter.render.memo import remembered
from newsletter.render.urls import ascii_url

DEEPEST = 20
"""Levels of lists or emphasis; deeper text is shown as it was typed, for the MJML compiler recurses."""

HEADING = "h4"
"""Of whatever level in an item's text: above it stand the digest's title, the section's and the item's."""
_TAGS = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", HEADING} | {
    "table", "thead", "tbody", "tr", "th", "td"
}  # fmt: skip

_TABLE = 'cellpadding="0" cellspacing="0">'
_DRESSED = (
    ("<table>", f'<table class="figures" {_TABLE}'),
    ("<th>", '<th scope="col">'),
    ("<blockquote>", f'<blockquote><table role="presentation" width="100%" {_TABLE}<tr><td class="said">'),
    ("</blockquote>", "</td></tr></table></blockquote>"),
)
"""Outlook draws a border and keeps a distance only on the cells of tables; WCAG H63 wants the scope."""

_BRACKETS = 1_000
"""Openings of links, [ and <. A text with more is shown as typed: parsing time grows with their square."""

# Beyond maxNesting the parser drops text; DEEPEST is reached long before.
_markdown = MarkdownIt("zero", {"breaks": True, "linkify": True, "maxNesting": 100}).enable(
    [
        "autolink",
        "blockquote",
        "emphasis",
        "entity",
        "escape",
        "heading",
        "link",
        "linkify",
        "list",
        "newline",
        "table",
    ]
)

_BARE = r"(?:[\w-]+\.)+[^\W\d_]{2,}"
"""A host after `www.`, which has to have a dot of its own."""


def link_bare_addresses(parser: MarkdownIt) -> None:
    """Let `parser` make links of addresses that stand in the text: `https://…`, `www.…` and mail addresses.

    Other words with a dot in them may be slips, and stay words.
    """
    linkify = parser.linkify
    if linkify is None:
        return
    linkify.set({"fuzzy_link": False, "fuzzy_email": True, "fuzzy_ip": False})
    for scheme in ("ftp:", "//"):
        linkify.add(scheme, None)
    bare = re.compile(_BARE + linkify.re["src_path"], re.IGNORECASE)

    def length(_: Any, text: str, start: int) -> int:
        found = bare.match(text, start)
        return found.end() - start if found else 0

    def with_scheme(_: Any, match: Any) -> None:
        match.url = f"https://{match.url}"

    linkify.add("www.", {"validate": length, "normalize": with_scheme})


link_bare_addresses(_markdown)
_markdown.validateLink = lambda url: ascii_url(url) is not None  # type: ignore[method-assign]  # the library's own hook
_markdown.normalizeLink = lambda url: ascii_url(url) or ""  # type: ignore[method-assign]  # the library's own hook
_plain = MarkdownIt("zero", {"breaks": True}).enable("newline")
_HASHTAG = re.compile(r"\s*#\w+\s*")


def _parser(text: str) -> MarkdownIt:
    if text.count("[") + text.count("<") > _BRACKETS:
        return _plain
    tokens = [inner for token in _markdown.parse(text) for inner in (token, *(token.children or ()))]
    return _markdown if all(token.level <= DEEPEST for token in tokens) else _plain


@remembered
def html(text: str) -> str:
    """Return `text` as HTML that no script, style, image or relative address gets into."""
    text = printable(text)
    clean = nh3.clean(
        re.sub(r"<(/?)h[1-6]>", rf"<\1{HEADING}>", _parser(text).render(text)),
        tags=_TAGS,
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=None,
    )
    shown = clean.strip().replace("<br>", "<br/>")  # as MJML, which is XML, wants it
    for plain, dressed in _DRESSED:
        shown = shown.replace(plain, dressed)
    return shown


@remembered
def tree(text: str) -> SyntaxTreeNode:
    """Return what `text` says as a tree, for other forms than HTML."""
    return SyntaxTreeNode(_parser(text).parse(text))


def is_hashtag(text: str) -> bool:
    """Tell whether `text` is one hashtag and nothing else, which is shown as a call."""
    return _HASHTAG.fullmatch(text) is not None
