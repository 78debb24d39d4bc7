"""Find placeholders, sample words and doubtful links in any text."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from newsletter.checks.remark import Remark, around
from newsletter.checks.ukrainian import marks
from newsletter.compose import addresses
from newsletter.compose.samples import sample_words
from newsletter.errors import Message
from newsletter.render.markdown import link_bare_addresses

_LEFT_BEHIND = re.compile(
    r"lorem ipsum|\b(?:TODO|TBD|FIXME)\b|\b[XХ]{4,}\b|\{\{|\{%|\*\|\w[\w:]*\|\*|%%\w+%%|<%|\$\{",
    re.IGNORECASE,
)
# Warnings only: «XXX сесія» (a council's 30th session) and «вставити вікна» (install windows) are real.
_PERHAPS_LEFT_BEHIND = re.compile(r"\b[XХ]{3}\b|\bвстав(?:ити|те)\b", re.IGNORECASE)

_RESERVED = re.compile(  # RFC 2606, RFC 6761, and the local machine
    r"(?:.+\.)?(?:example(?:\.(?:com|net|org))?|localhost|test|invalid)|127(?:\.\d+){3}|0\.0\.0\.0|::1"
)
GENERIC = frozenset(
    (
        "тут", "сюди", "тиць", "ось", "лінк", "посилання", "за посиланням", "натисніть тут", "перейти",
        "детальніше", "докладніше", "більше", "читати", "читати далі", "далі",
        "here", "click here", "click", "link", "this link", "more", "read more", "details",
        "tutaj", "tu", "kliknij", "kliknij tutaj", "więcej", "czytaj", "czytaj dalej", "czytaj więcej",
        "hier", "hier klicken", "klicken sie hier", "mehr", "mehr lesen", "weiterlesen", "weiter",
    )
)  # fmt: skip

ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>]+|[^\s<>@]+@[^\s<>@]+")
HYPHEN_AS_DASH = re.compile(r"(?<=[^\s|][ \u00a0])-(?=[ \u00a0][^\s|])")
STRAIGHT_QUOTED = re.compile(r'(?<!\w)"(?=\w)([^"\n]{1,80})"(?!\w)')
SPACE_BEFORE_MARK = re.compile(r"(?<=\w)[ \u00a0]+(?=[,;.!?](?:\s|$))")
QUOTATION_MARKS = {"uk": "«»", "pl": "„”", "de": "„“"}
"""Of the first level, as in CLDR; in English straight ones are usual in mail."""

_MAY_LINK = re.compile(r"[\[<@]|//|file:|www\.", re.IGNORECASE)
"""What a text with a link has in it; to parse one that has not takes most of the time."""
_OWN_FILE = "is a file on somebody's own machine"
_FILE = re.compile(r"\bfile:/{1,3}[^\s)>\]]+", re.IGNORECASE)

_markdown = MarkdownIt("commonmark", {"linkify": True}).enable(["linkify", "table"]).disable("reference")
_markdown.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005  the library's hook
link_bare_addresses(_markdown)


def leftovers(text: str) -> Iterator[Remark]:
    """Yield placeholders, TODO marks and sample words; those that may be intended are warnings."""
    for code, pattern in (("placeholder", _LEFT_BEHIND), ("placeholder-perhaps", _PERHAPS_LEFT_BEHIND)):
        for found in dict.fromkeys(pattern.findall(text)):
            yield Remark(
                code=code,
                words=found,
                text=Message("%(words)r looks like a placeholder", words=found),
                hint="Write what belongs there, or remove it.",
            )
    words = next((words for words in sample_words() if words in text), None)
    if words:  # one is enough: who left a sample left all of it
        yield Remark(
            code="sample-words",
            words=words,
            text=Message("%(words)r is from the samples of a new workspace", words=words),
            hint="Write your own, and delete the sample items.",
        )


def typed_marks(text: str, language: str) -> Iterator[Remark]:
    """Yield a warning for hyphens typed as dashes in `text`, straight quotation marks, spaces before marks.

    In Ukrainian also for what newsletter/checks/ukrainian.py knows. Which marks are right is the editor's to
    say: they are changed by `newsletter/checks/mend.py` when asked.
    """
    if language.startswith("uk"):
        yield from marks(ADDRESS.sub(" ", text) if _MAY_LINK.search(text) else text)
    if found := HYPHEN_AS_DASH.search(text):
        yield _remark("hyphen-as-dash", around(text, found), "a hyphen stands for a dash", "Write a dash: –.")
    usual = QUOTATION_MARKS.get(language.partition("-")[0])
    if usual and (found := STRAIGHT_QUOTED.search(text)):
        hint = Message("Write %(words)s.", words=f"{usual[0]}{found[1]}{usual[1]}")
        yield _remark("quotes-straight", found[0], "straight quotation marks", hint)
    if found := SPACE_BEFORE_MARK.search(text):
        yield _remark(
            "space-before-mark", around(text, found), "a space stands before a mark", "Remove the space."
        )


def doubtful_link(href: str) -> Remark | None:
    """Return a remark on a doubtful link address, or None."""
    try:
        fault = _fault(href)
    except ValueError:
        fault = "link-incomplete", "is not a web address"
    if fault:
        return _bad_link(href, *fault)
    return None if href.startswith("mailto:") else _roundabout(href)


def _fault(href: str) -> tuple[str, str] | None:
    """Return code and words of why an address cannot be used. Raises ValueError when it cannot be parsed."""
    if addresses.is_file(href):
        return "link-file", _OWN_FILE
    parts = urlsplit(href)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme == "mailto":
        return None
    if href in ("", "#"):
        return "link-nowhere", "leads nowhere"
    if parts.scheme not in ("http", "https"):
        return "link-incomplete", "is not a full web address"
    if not host or _RESERVED.fullmatch(host) or any(leftovers(href)):
        return "link-placeholder", "is a placeholder"
    return ("link-local", "leads into somebody's own network") if addresses.is_local(host) else None


def _roundabout(href: str) -> Remark | None:
    """Return a warning for a working address that is tracked, private or shortened, or None."""
    if found := addresses.unwrap(href):
        mend = addresses.without_tracking(found.inside) if found.inside else ""
        return _remark(
            "link-roundabout",
            href,
            Message(
                "the link %(href)s leads through %(by)s, which records who opens it", href=href, by=found.by
            ),
            Message("Use the page's own address: %(mend)s", mend=mend)
            if mend
            else "Open it, and copy the page's own address.",
        )
    if what := addresses.private_page(href):
        return _remark(
            "link-private",
            href,
            Message(
                "the link %(href)s leads to %(what)s, which readers cannot open",
                href=href,
                what=Message(what),
            ),
            "Give the address of a public page; test it in a private browser window.",
        )
    if addresses.is_shortened(href):
        return _remark(
            "link-shortened",
            href,
            Message("the link %(href)s hides where it leads", href=href),
            "Use the full address: mail filters distrust link shorteners.",
        )
    if (mend := addresses.without_tracking(href)) != href:
        return _remark(
            "link-tracking",
            href,
            Message("the link %(href)s has parameters that track readers", href=href),
            Message("Use %(mend)s", mend=mend),
        )
    return None


def _remark(code: str, words: str, text: str, hint: str) -> Remark:
    return Remark(code=code, words=words, text=text, hint=hint)


def _bad_link(href: str, code: str, what: str) -> Remark:
    return Remark(
        code=code,
        words=href,
        text=Message("the link %(href)r %(what)s", href=href, what=Message(what)),
        hint="Give the page's own address, beginning with https://.",
    )


def hrefs(markdown: str) -> Iterator[str]:
    """Yield the address of each link in a Markdown text."""
    for token in _markdown.parse(markdown):
        for child in token.children or ():
            if child.type == "link_open":
                yield str(child.attrGet("href") or "")


def links_in(markdown: str) -> Iterator[Remark]:
    """Yield remarks on doubtful addresses and meaningless texts of the links in a Markdown text."""
    if not _MAY_LINK.search(markdown):
        return
    for found in dict.fromkeys(_FILE.findall(markdown)):
        yield _bad_link(found, "link-file", _OWN_FILE)
    for token in _markdown.parse(markdown):
        href, words = "", ""
        for child in token.children or ():
            if child.type == "link_open":
                href, words = str(child.attrGet("href") or ""), ""
            elif child.type == "link_close":
                if (remark := doubtful_link(href)) and not addresses.is_file(href):
                    yield remark
                if words.strip(" .…:!→«»>").casefold() in GENERIC:
                    yield Remark(
                        code="link-text",
                        words=f"[{words}]",
                        text=Message("the link text %(words)r does not say where it leads", words=words),
                        hint="Screen readers read links out of context: name the page or document.",
                    )
            else:
                words += child.content
