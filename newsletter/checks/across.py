"""Compare items with each other and with earlier issues: the same title or link, one that is far longer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from newsletter.checks.codes import finding
from newsletter.checks.lines import Locate, key
from newsletter.compose.addresses import same_page
from newsletter.errors import Message, Problem
from newsletter.model import Item, ItemKind
from newsletter.render.plaintext import words as spoken

LONG, TIMES, FEWEST = 600, 3, 4
"""An item is long that has so many characters, and so many times those of others, among so many items."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An item of an earlier issue, which is named by its closing date; `page` is where its link leads."""

    issue: str
    title: str
    page: str


def across(items: Sequence[Item], locate: Locate) -> Iterator[Problem]:
    """Yield the problems of items beside each other: what is there twice, and what is far longer."""
    titles: dict[str, Item] = {}
    links: dict[str, Item] = {}
    for item in items:
        title, link = _plain(item.title), same_page(item.link or "")
        first = titles.setdefault(title, item)
        if title and first is not item:
            text = Message("the same title as %(path)s", path=first.at.path)
            yield finding("title-repeated", text, locate(item.at, key("title")), _TWO)
        first = links.setdefault(link, item)
        if link and first is not item:
            text = Message("the same link as %(path)s", path=first.at.path)
            yield finding("link-repeated", text, locate(item.at, key("link")), _TWO)
    yield from _long(items)


_TWO = "Keep one of the two, or make clear how they differ."


def repeated(items: Iterable[Item], earlier: Iterable[Earlier], locate: Locate) -> Iterator[Problem]:
    """Yield a problem for each item that an earlier issue had, by its link or its title."""
    links: dict[str, Earlier] = {}
    titles: dict[str, Earlier] = {}
    for one in earlier:
        links.setdefault(one.page, one)
        titles.setdefault(_plain(one.title), one)
    for item in items:
        link, title = same_page(item.link or ""), _plain(item.title)
        if link and link in links:
            text = Message("the link was in the issue of %(issue)s", issue=links[link].issue)
            yield finding("link-earlier", text, locate(item.at, key("link")), _AGAIN)
        elif title and title in titles:
            text = Message("the title was in the issue of %(issue)s", issue=titles[title].issue)
            yield finding("title-earlier", text, locate(item.at, key("title")), _AGAIN)


_AGAIN = "Leave it out, or say what is new in it."


def _long(items: Sequence[Item]) -> Iterator[Problem]:
    """Yield a problem for each item that has three times the characters of others; a lead may have them."""
    lengths = [len(spoken(item.text)) for item in items]
    if len(items) < FEWEST:
        return
    usual = median(lengths)
    for item, length in zip(items, lengths, strict=True):
        if length >= LONG and length > TIMES * usual and not item.lead and item.kind is not ItemKind.EVENT:
            yield finding(
                "item-long",
                Message(
                    "%(count)s characters, while others have about %(usual)s",
                    count=length,
                    usual=round(usual),
                ),
                item.at,
                "Shorten it, let it lead (`lead: true`), or show its first paragraph alone (`trim: true`).",
            )


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())
