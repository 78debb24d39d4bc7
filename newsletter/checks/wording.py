"""Words and links that were left in a text by mistake, whatever the text is for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from newsletter.compose.samples import sample_words
from newsletter.errors import Severity

_LEFT_BEHIND = re.compile(r"lorem ipsum|\b(?:TODO|TBD|FIXME)\b|\b[XХ]{4,}\b|\{\{|\{%", re.IGNORECASE)
# A council's thirtieth session is a real «XXX сесія», and windows are really put in: «вставити вікна».
_PERHAPS_LEFT_BEHIND = re.compile(r"\b[XХ]{3}\b|\bвстав(?:ити|те)\b", re.IGNORECASE)

_RESERVED = re.compile(  # RFC 2606, RFC 6761, and this machine
    r"(?:.+\.)?(?:example(?:\.(?:com|net|org))?|localhost|test|invalid)|127(?:\.\d+){3}|0\.0\.0\.0|::1"
)
_SHORTENERS = frozenset(
    (
        "bit.ly", "buff.ly", "clck.ru", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "rb.gy", "rebrand.ly",
        "shorturl.at", "t.co", "t.ly", "tinyurl.com", "u.to", "v.gd",
    )
)  # fmt: skip
_GENERIC = frozenset(
    (
        "тут", "сюди", "тиць", "ось", "лінк", "посилання", "за посиланням", "натисніть тут", "перейти",
        "детальніше", "докладніше", "більше", "читати", "читати далі", "далі",
        "here", "click here", "click", "link", "this link", "more", "read more", "details",
    )
)  # fmt: skip

_markdown = MarkdownIt("commonmark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One doubtful passage: how bad, the passage itself, what is wrong, and the cure."""

    severity: Severity
    words: str
    text: str
    hint: str


def leftovers(text: str) -> Iterator[Remark]:
    """Find filler text, marks for later and sample words; those that may be meant are warnings."""
    for severity, pattern in ((Severity.ERROR, _LEFT_BEHIND), (Severity.WARNING, _PERHAPS_LEFT_BEHIND)):
        for found in dict.fromkeys(pattern.findall(text)):
            yield Remark(
                severity=severity,
                words=found,
                text=f"{found!r} looks like a placeholder",
                hint="Write what belongs there, or remove it.",
            )
    for words in sample_words():
        if words in text:
            yield Remark(
                severity=Severity.WARNING,
                words=words,
                text=f"{words!r} is from the samples of a new workspace",
                hint="Write your own, and delete the sample items.",
            )


def doubtful_link(href: str) -> Remark | None:
    """Tell what is wrong with a link's address, or None."""
    try:
        parts = urlsplit(href)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return _bad_link(href, "is not a web address")
    if parts.scheme == "mailto":
        return None
    if href in ("", "#"):
        return _bad_link(href, "leads nowhere")
    if parts.scheme not in ("http", "https"):
        return _bad_link(href, "is not a full web address")
    if not host or _RESERVED.fullmatch(host) or any(leftovers(href)):
        return _bad_link(href, "is a placeholder")
    return _shortened(href) if host.removeprefix("www.") in _SHORTENERS else None


def _shortened(href: str) -> Remark:
    return Remark(
        severity=Severity.WARNING,
        words=href,
        text=f"the link {href} hides where it leads",
        hint="Use the full address: mail filters distrust link shorteners.",
    )


def _bad_link(href: str, what: str) -> Remark:
    return Remark(
        severity=Severity.ERROR,
        words=href,
        text=f"the link {href!r} {what}",
        hint="Give the page's own address, beginning with https://.",
    )


def links_in(markdown: str) -> Iterator[Remark]:
    """Find doubtful addresses and meaningless words in the links of a Markdown text."""
    for token in _markdown.parse(markdown):
        href, words = "", ""
        for child in token.children or ():
            if child.type == "link_open":
                href, words = str(child.attrGet("href") or ""), ""
            elif child.type == "link_close":
                if remark := doubtful_link(href):
                    yield remark
                if words.strip(" .…:!→«»>").casefold() in _GENERIC:
                    yield Remark(
                        severity=Severity.WARNING,
                        words=f"[{words}]",
                        text=f"the link text {words!r} does not say where it leads",
                        hint="Screen readers read links out of context: name the page or document.",
                    )
            else:
                words += child.content
