"""What a theme's blocks are given of an edition: sections with items, the lead, an event's days in words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from newsletter.model import Edition, Item, ItemKind, Picture
from newsletter.render.events import event_values
from newsletter.render.values import Data, plain

_EDGES = " \t\n.,:;–—-·|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How items become values: an event's words in `language`, pictures, and addresses of calendar files."""

    language: str
    picture: Callable[[Picture | None], Data | None]
    calendar: Callable[[Item], str]

    def of(self, edition: Edition) -> dict[str, Any]:
        """Return `blocks` and `lead` of an edition. Of several items that would lead the first does.

        A block has no heading of its own where the lead is all it holds, or comes just before it: the lead
        then shows the section's name.
        """
        found = next(((block, item) for block in edition.blocks for item in block.items if item.lead), None)
        home, lead = found or (None, None)
        opens = home is not None and (home is edition.blocks[0] or len(home.items) == 1)
        blocks = tuple(
            Data(
                section=plain(block.section),
                heading=not (opens and block is home),
                items=tuple(Data(**self._values(item), lead=item is lead) for item in block.items),
            )
            for block in edition.blocks
        )
        if home is None or lead is None:
            return {"blocks": blocks, "lead": None}
        return {
            "blocks": blocks,
            "lead": Data(**self._values(lead), section=plain(home.section), opens=opens),
        }

    def _values(self, item: Item) -> dict[str, Any]:
        """Return an item as a theme knows it: not its file, nor whom it is for."""
        return {
            "title": item.title,
            "text": item.text,
            "link": item.link,
            "date": item.date,
            "kind": item.kind.value if item.event or item.kind is not ItemKind.EVENT else ItemKind.NEWS.value,
            "event": event_values(item.event, self.language) if item.event else None,
            "picture": self.picture(item.picture),
            "ics": self.calendar(item) if item.event else None,
        }


def standfirst(subject: str, title: str, period: str) -> str:
    """Return what the week's subject says beside the digest's title and its period, or nothing."""
    rest = subject
    for known in (title, period, *re.findall(r"^.*\d{4}", period)):
        rest = re.sub(re.escape(known), " ", rest, flags=re.IGNORECASE)
    rest = " ".join(rest.split()).strip(_EDGES)
    if not any(map(str.isalpha, rest)):
        return ""
    return rest if subject.startswith(rest) else rest[0].upper() + rest[1:]
