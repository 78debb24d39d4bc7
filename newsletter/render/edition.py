"""Compute the distinct editions of an issue, and which one a reader gets."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from functools import lru_cache
from hashlib import sha256
from typing import Any

from newsletter.conditions import holds
from newsletter.model import EVERY_SECTION, Block, ClosingCall, Edition, Issue, Item, Subscriber
from newsletter.render.places import Places

_HASHTAG = re.compile(r"#\w+")
_KEPT = 4096
"""Choices whose edition is remembered, so that it is one object for their next reader."""


class Editions:
    """The editions of one issue; readers with the same choice share one, which is rendered once."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        self.places = Places(issue)
        self._conditions = tuple(
            dict.fromkeys(item.only_for for block in issue.blocks for item in block.items if item.only_for)
        )
        self._chosen = lru_cache(_KEPT)(self._choose)
        self._edition = lru_cache(_KEPT)(self._make)
        self._block = lru_cache(_KEPT)(self._show)

    def of(self, sections: frozenset[str], attributes: Mapping[str, str]) -> Edition | None:
        """Return the edition of a reader who chose `sections`, or None when it would be empty."""
        truths = tuple([holds(condition, sections, attributes) for condition in self._conditions])
        return self._edition(self._chosen(sections, truths))

    def whole(self) -> Edition | None:
        """Return the public edition of the archive: all sections, without items for certain readers only.

        An item that names its readers is not shown to the public.
        """
        return self._edition(self.places.shown(frozenset({EVERY_SECTION}), lambda _condition: False))

    def tally(self, readers: Iterable[Subscriber]) -> tuple[list[tuple[Edition, int]], int]:
        """Return each edition with its number of readers, and the number of readers who get nothing."""
        counts: Counter[Edition] = Counter()
        without = 0
        for reader in readers:
            if edition := self.of(reader.sections, reader.attributes):
                counts[edition] += 1
            else:
                without += 1
        return counts.most_common(), without

    def _choose(self, sections: frozenset[str], truths: tuple[bool, ...]) -> int:
        return self.places.shown(sections, dict(zip(self._conditions, truths, strict=True)).__getitem__)

    def _make(self, mask: int) -> Edition | None:
        if not mask:
            return None
        shown = [self._block(number, bits) for number, bits in self.places.by_section(mask)]
        key = sha256(b"".join([digest for _, digest in shown])).hexdigest()[:16]
        return Edition(key=key, blocks=tuple([block for block, _ in shown]), mask=mask)

    def _show(self, number: int, bits: int) -> tuple[Block, bytes]:
        """Return a section with the items of some places, and a hash of what is seen of them."""
        block = Block(section=self.issue.blocks[number].section, items=tuple(self.places.items(number, bits)))
        return block, sha256(json.dumps(_visible_block(block)).encode()).digest()


def closing_call(call: ClosingCall | None, edition: Edition) -> ClosingCall | None:
    """Return the closing call, or None when an item of `edition` already has its hashtag."""
    if call and call.hashtag and any(says(item, call.hashtag) for item in edition.items):
        return None
    return call


@lru_cache(_KEPT)
def _hashtags(text: str) -> frozenset[str]:
    return frozenset(_HASHTAG.findall(text.casefold()))


def says(item: Item, hashtag: str) -> bool:
    """Return whether the text of an item has a hashtag already."""
    return hashtag.casefold() in _hashtags(item.text)


def _visible_block(block: Block) -> list[Any]:
    section = block.section
    return [section.slug, section.title, section.colour, [_visible(item) for item in block.items]]


def _visible(item: Item) -> list[Any]:
    event = [str(value) for value in astuple(item.event)] if item.event else None
    picture = None
    if shown := item.picture:
        made = shown.image.sha256 if shown.image else ""
        picture = (shown.file, shown.alt, shown.caption, shown.credit, made)
    trimmed = [True] if item.trim else []
    return [item.id, item.title, item.text, item.link, item.kind, item.lead, event, picture, *trimmed]
