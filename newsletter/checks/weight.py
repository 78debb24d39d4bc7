"""Where an edition's bytes go: how far into the HTML each item reaches, and where Gmail cuts it off."""

import re
from dataclasses import dataclass
from html import escape

from newsletter.model import Edition

CLIPPED = 102 * 1024
"""Bytes of HTML from which Gmail shows a message cut off (measured by senders; it publishes no number)."""


@dataclass(frozen=True, slots=True)
class Weight:
    """An item's share of the HTML: its own bytes, and at which byte of the whole it ends."""

    id: str
    title: str
    size: int
    end: int

    @property
    def clipped(self) -> bool:
        """True if readers of Gmail do not see all of it."""
        return self.end > CLIPPED


def weights(html: str, edition: Edition) -> list[Weight]:
    """Return the weight of each item in the order of the HTML; one whose title is not found is left out.

    An item begins with its title; the last one ends with the HTML, and so includes what follows all items.
    """
    found = []
    for item in edition.items:
        spaced = r"\s+".join(re.escape(escape(word, quote=False)) for word in item.title.split())
        places = [match.start() for match in re.finditer(spaced, html)] if spaced else []
        if places:
            found.append((places[-1], item))
    found.sort(key=lambda pair: pair[0])
    starts = [len(html[:start].encode()) for start, _ in found]
    ends = [*starts[1:], len(html.encode())]
    return [
        Weight(item.id, item.title, end - start, end)
        for (_, item), start, end in zip(found, starts, ends, strict=True)
    ]
