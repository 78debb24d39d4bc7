"""What a theme's blocks are given of an edition: sections with items, the lead, an event's days in words."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.i18n import translations
from newsletter.model import Block, Edition, Item, ItemKind, Picture
from newsletter.render.events import event_values
from newsletter.render.facts import Lead, Numbers, lead_of
from newsletter.render.markdown import tree
from newsletter.render.values import Data, Fact, plain

_EDGES = " \t\n.,:;–—-·|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How items become values: an event's words in `language`, pictures, addresses of calendar files.

    `archive` gives the address of an item's full text there.

    `fact` makes the fact of a name.
    """

    language: str
    picture: Callable[[Picture | None], Data | None]
    calendar: Callable[[Item], str]
    archive: Callable[[Item], str]
    numbers: Numbers
    fact: Callable[[str], Fact]

    def of(self, edition: Edition) -> dict[str, Any]:
        """Return `blocks` and the lead of an edition."""
        lead = lead_of(edition)
        given = self.blocks(edition.blocks, lead) | self.leads([lead] if lead else [])
        return given | {"lead": next(iter(given["leads"]), None)}

    def blocks(self, blocks: Sequence[Block], lead: Lead | None = None) -> dict[str, Any]:
        """Return `blocks`, and the facts that are about no single one of them."""
        names = ("contents", "picked", "plain_end")
        return {
            "blocks": tuple(self._block(block, lead) for block in blocks),
            **{name: self.fact(name) for name in names},
        }

    def leads(self, leads: Sequence[Lead]) -> dict[str, Any]:
        """Return `leads`: the items that lead, each with its section's name."""
        return {
            "leads": tuple(
                Data(
                    **self._values(lead.item),
                    section=plain(lead.block.section),
                    opens=lead.opens,
                    here=self.fact(self.numbers.of_lead(lead)),
                )
                for lead in leads
            )
        }

    def _block(self, block: Block, lead: Lead | None) -> Data:
        about = {
            name: self.fact(self.numbers.of_section(name, block)) for name in ("here", "headed", "after")
        }
        return Data(
            section=plain(block.section),
            heading=not (lead and lead.opens and block is lead.block),
            items=tuple(self._item(block, item, lead) for item in block.items),
            **about,
        )

    def _item(self, block: Block, item: Item, lead: Lead | None) -> Data:
        names = {"here": "item", "begins": "begins", "ends": "ends"}
        about = {name: self.fact(self.numbers.of_item(what, block, item)) for name, what in names.items()}
        return Data(**self._values(item), lead=lead is not None and item is lead.item, **about)

    def _text(self, item: Item) -> str:
        """Return an item's text; of one to be trimmed the beginning, and a link to all of it."""
        shown = beginning(item.text) if item.trim and not item.only_for else item.text
        if shown == item.text.strip() or shown == item.text:
            return item.text
        words = translations(self.language).gettext("The full text in the archive")
        return f"{shown}\n\n[{words}]({self.archive(item)})"

    def _values(self, item: Item) -> dict[str, Any]:
        """Return an item as a theme knows it: not its file, nor whom it is for."""
        return {
            "title": item.title,
            "text": self._text(item),
            "link": item.link,
            "date": item.date,
            "kind": item.kind.value if item.event or item.kind is not ItemKind.EVENT else ItemKind.NEWS.value,
            "event": event_values(item.event, self.language) if item.event else None,
            "picture": self.picture(item.picture),
            "ics": self.calendar(item) if item.event else None,
        }


def beginning(text: str) -> str:
    """Return the first paragraph of a Markdown text, or whatever it begins with."""
    first = next(iter(tree(text).children), None)
    return "\n".join(text.split("\n")[: first.map[1]]).strip() if first and first.map else text.strip()


def standfirst(subject: str, title: str, period: str) -> str:
    """Return what the week's subject says beside the digest's title and its period, or nothing."""
    rest = subject
    for known in (title, period, *re.findall(r"^.*\d{4}", period)):
        rest = re.sub(re.escape(known), " ", rest, flags=re.IGNORECASE)
    rest = " ".join(rest.split()).strip(_EDGES)
    if not any(map(str.isalpha, rest)):
        return ""
    return rest if subject.startswith(rest) else rest[0].upper() + rest[1:]
