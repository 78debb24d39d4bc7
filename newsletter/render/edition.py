"""Compute the distinct editions of an issue, and which one a reader gets."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from hashlib import sha256
from typing import Any

from newsletter.conditions import holds
from newsletter.model import EVERY_SECTION, Block, ClosingCall, Condition, Edition, Issue, Item, Subscriber

_HASHTAG = re.compile(r"#\w+")


class Editions:
    """The editions of one issue; readers with the same choice share one, which is rendered once."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        self._sections = {block.section.slug: block.section for block in issue.blocks}
        self._conditions = tuple(
            dict.fromkeys(item.only_for for block in issue.blocks for item in block.items if item.only_for)
        )
        self._memo: dict[tuple[frozenset[str], tuple[bool, ...]], Edition | None] = {}
        self._distinct: dict[str, Edition] = {}

    def of(self, sections: frozenset[str], attributes: Mapping[str, str]) -> Edition | None:
        """Return the edition of a reader who chose `sections`, or None when it would be empty."""
        truths: tuple[bool, ...] = ()
        if self._conditions:
            truths = tuple(holds(condition, sections, attributes) for condition in self._conditions)
        try:
            return self._memo[sections, truths]
        except KeyError:
            held = dict(zip(self._conditions, truths, strict=True))
            edition = self._memo[sections, truths] = self._make(sections, held.__getitem__)
            return edition

    def whole(self) -> Edition | None:
        """Return the public edition of the archive: all sections, without items for certain readers only.

        An item that names its readers is not shown to the public.
        """
        return self._make(frozenset({EVERY_SECTION}), lambda _condition: False)

    def tally(self, readers: Iterable[Subscriber]) -> tuple[list[tuple[Edition, int]], int]:
        """Return each edition with its number of readers, and the number of readers who get nothing."""
        counts: Counter[str] = Counter()
        without = 0
        for reader in readers:
            edition = self.of(reader.sections, reader.attributes)
            if edition:
                counts[edition.key] += 1
            else:
                without += 1
        return [(self._distinct[key], number) for key, number in counts.most_common()], without

    def _make(self, chosen: frozenset[str], held: Callable[[Condition], bool]) -> Edition | None:
        shown: dict[str, list[Item]] = {slug: [] for slug in self._sections}
        for block in self.issue.blocks:
            for item in block.items:
                place = self._place(item, block.section.slug, chosen)
                if place and (item.only_for is None or held(item.only_for)):
                    shown[place].append(item)
        blocks = tuple(
            Block(section=self._sections[slug], items=tuple(items)) for slug, items in shown.items() if items
        )
        if not blocks:
            return None
        edition = Edition(key=_key(blocks), blocks=blocks)
        return self._distinct.setdefault(edition.key, edition)

    def _place(self, item: Item, home: str, chosen: frozenset[str]) -> str | None:
        """Return the section under which a reader gets `item`: its block's, else the first other they chose.

        Where that other one has no block this week, the item stays in its own.
        """
        mine = [slug for slug in (home, *item.sections) if self._gets(slug, chosen)]
        return next((slug for slug in mine if slug in self._sections), home) if mine else None

    def _gets(self, slug: str, chosen: frozenset[str]) -> bool:
        always = slug in self._sections and self._sections[slug].always
        return always or slug in chosen or EVERY_SECTION in chosen


def closing_call(call: ClosingCall | None, edition: Edition) -> ClosingCall | None:
    """Return the closing call, or None when an item of `edition` already has its hashtag."""
    if call and call.hashtag:
        tag = call.hashtag.casefold()
        if any(tag in _HASHTAG.findall(item.text.casefold()) for item in edition.items):
            return None
    return call


def _key(blocks: Iterable[Block]) -> str:
    """Return a hash of the visible content, 16 hex digits."""
    visible = [
        [
            block.section.slug,
            block.section.title,
            block.section.colour,
            [_visible(item) for item in block.items],
        ]
        for block in blocks
    ]
    return sha256(json.dumps(visible).encode()).hexdigest()[:16]


def _visible(item: Item) -> list[Any]:
    event = [str(value) for value in astuple(item.event)] if item.event else None
    picture = None
    if shown := item.picture:
        made = shown.image.sha256 if shown.image else ""
        picture = (shown.file, shown.alt, shown.caption, shown.credit, made)
    return [item.id, item.title, item.text, item.link, item.kind, item.lead, event, picture]
