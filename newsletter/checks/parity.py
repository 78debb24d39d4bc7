"""Compare the two parts of an edition word for word: what a reader of one sees and one of the other does not.

Words and numbers count, in their order. Addresses do not, which are compared as links; nor does what only
adorns: rules, bullets, what the HTML hides, alt texts of a theme's own pictures, the label before one in the
text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from newsletter.errors import Place
from newsletter.model import Edition, Item
from newsletter.render.plaintext import words as said_in

_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s",
    "small", "span", "strong", "sub", "sup", "time", "u",
})  # fmt: skip
_UNSEEN = frozenset(("head", "script", "style", "template", "title"))
_HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_SOFT = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Characters that nobody sees; only one of the parts may have them."""
_WORD = re.compile(r"[^\W_]+|[%‰§№°€$£₴]")
_JOINT = re.compile(r"(?<=:)\s+|\s+·\s+")
"""Where one part goes on in the same line and the other in a new one."""
_SHOWN = 3
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Gap:
    """What one part says and the other lacks, and the item whose words these are."""

    words: str
    at: Place | None


def gaps(document: HtmlElement, text: str, edition: Edition) -> tuple[list[Gap], list[Gap]]:
    """Return what the text lacks of the HTML, and what the HTML lacks of the text; an item's gaps are one.

    Headings are left out, which are compared whole.
    """
    alts = {item.picture.alt for item in edition.items if item.picture}
    html = list(_of_html(document, alts))
    written = list(_of_text(text, alts))
    titles = {_key(one.words) for one in html if one.heading}
    titles |= {_key(_words(block.section.title)) for block in edition.blocks}
    titles |= {_key(_words(item.title)) for item in edition.items}
    asked = [one.words for one in html if not one.heading and not one.adorns]
    said = [words for words in written if not any(_key(words) in title for title in titles)]
    return (
        _joined(_lacking(asked, written), edition),
        _joined(_lacking(said, [one.words for one in html]), edition),
    )


@dataclass(frozen=True, slots=True)
class _Word:
    """A word in its line, where it stands there, and what it is compared by."""

    line: str
    start: int
    end: int
    key: str


_Words = Sequence[_Word]


@dataclass(frozen=True, slots=True)
class _Run:
    """Words of the HTML that follow one another in a line."""

    words: _Words
    heading: bool = False
    adorns: bool = False


def _words(line: str) -> _Words:
    plain = _ADDRESS.sub(" ", line.translate(_SOFT))
    return [_Word(plain, *one.span(), one[0].casefold()) for one in _WORD.finditer(plain)]


def _key(words: _Words) -> str:
    return f" {' '.join(one.key for one in words)} "


def _of_html(document: HtmlElement, alts: Iterable[str]) -> Iterator[_Run]:
    """Yield what a browser shows, a line or cell at a time; the numbers of lists too."""
    for line, heading in _lines(document, []):
        for part in _JOINT.split(line):
            if words := _words(part):
                yield _Run(words, heading=heading)
    items = {_key(_words(alt)) for alt in alts}
    for link in document.iter("a"):  # the text repeats its words before its address
        if words := _words(link.text_content()):
            yield _Run(words, adorns=True)
    for picture in document.iter("img"):
        if words := _words(picture.get("alt", "")):
            yield _Run(words, adorns=_key(words) not in items)


def _lines(document: HtmlElement, line: list[str]) -> Iterator[tuple[str, bool]]:
    walk = iterwalk(document, events=("start", "end", "comment", "pi"))
    heading = 0
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        if event in ("start", "end") and tag not in _INLINE:
            yield "".join(line), heading > 0
            line.clear()
        if event == "start":
            if _is_hidden(element, tag):
                walk.skip_subtree()
                continue
            heading += tag in ("h1", "h2", "h3")
            line.append(f"{_number(element)}{element.text or ''}")
        else:
            heading -= event == "end" and tag in ("h1", "h2", "h3") and not _is_hidden(element, tag)
            line.append(element.tail or "")
    yield "".join(line), False


def _is_hidden(element: HtmlElement, tag: str) -> bool:
    return (
        tag in _UNSEEN or element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style", "")))
    )


def _number(element: HtmlElement) -> str:
    """Return the number that a browser shows before an entry of a list."""
    around = element.getparent()
    if element.tag != "li" or around is None or around.tag != "ol":
        return ""
    start = str(around.get("start", "1"))
    first = int(start) if start.isdecimal() else 1
    return f"{first + sum(1 for one in element.itersiblings('li', preceding=True))}. "


def _of_text(text: str, alts: Iterable[str]) -> Iterator[_Words]:
    for alt in alts:
        if pieces := alt.split():
            labelled = r"\[[^\[\]\n:]+:\s+(?=" + r"\s+".join(map(re.escape, pieces)) + ")"
            text = re.sub(labelled, "[", text)
    for line in text.splitlines():
        for part in _JOINT.split(line):
            if words := _words(part):
                yield words


def _lacking(asked: Iterable[_Words], there: Iterable[_Words]) -> Iterator[_Words]:
    """Yield the words of each line from the first to the last that do not follow one another in `there`."""
    keys = [one.key for one in chain.from_iterable(there)]
    known, together = set(keys), set(pairwise(keys))
    for words in asked:
        if len(words) == 1:
            missing = [] if words[0].key in known else [0]
        else:
            missing = [
                place
                for place, (one, next_) in enumerate(pairwise(words))
                if (one.key, next_.key) not in together
            ]
        if missing:
            yield words[missing[0] : missing[-1] + 2]


def _joined(lacking: Iterable[_Words], edition: Edition) -> list[Gap]:
    """Return one gap for each item, and one for what no item says, with the first few of their words."""
    by_place: dict[Place | None, list[str]] = {}
    own: dict[Place | None, str] | None = None
    for words in lacking:
        own = own or {item.at: _key(_words(_all_words(item))) for item in edition.items}
        home = next((at for at, said in own.items() if _key(words) in said), None)
        shown = " ".join(words[0].line[words[0].start : words[-1].end].split())
        cut = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
        found = by_place.setdefault(home, [])
        if cut not in found:
            found.append(cut)
    return [Gap("; ".join(found[:_SHOWN]), at) for at, found in by_place.items()]


def _all_words(item: Item) -> str:
    picture = item.picture
    beside = (picture.alt, picture.caption, picture.credit) if picture else ()
    return "\n".join([item.title, said_in(item.text), *beside])
