"""Where the items of an issue are shown: each place of an item is one bit of an edition's mask.

An item is shown in its own section, or in another one of its sections for readers who did not choose its own.
Items that every reader gets or lacks together share a place: one with the same sections and condition.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.model import EVERY_SECTION, Block, Condition, Issue, Item


@dataclass(frozen=True, slots=True)
class _Family:
    """Items of the section `home` that the same readers get; a bit for each section they may be shown in."""

    home: str
    others: tuple[str, ...]
    only_for: Condition | None
    bits: dict[str, int]


class Places:
    """The places of one issue; a mask has the bits of those that an edition shows."""

    def __init__(self, issue: Issue) -> None:
        self._numbers = {block.section.slug: number for number, block in enumerate(issue.blocks)}
        self._sections = tuple(block.section for block in issue.blocks)
        self._always = frozenset(block.section.slug for block in issue.blocks if block.section.always)
        found: dict[tuple[str, tuple[str, ...], Condition | None], list[tuple[int, Item]]] = {}
        order = 0
        for block in issue.blocks:
            for item in block.items:
                home = block.section.slug
                alike = home, tuple(slug for slug in item.sections if slug != home), item.only_for
                found.setdefault(alike, []).append((order, item))
                order += 1
        self._members: list[list[tuple[int, list[tuple[int, Item]]]]] = [[] for _ in issue.blocks]
        families = [(_Family(*alike, {}), members) for alike, members in found.items()]
        self._ranges: list[tuple[int, int]] = []
        start = 0
        for number, block in enumerate(issue.blocks):
            slug = block.section.slug
            here = [one for one in families if slug in (one[0].home, *one[0].others)]
            for offset, (family, members) in enumerate(here):
                family.bits[slug] = 1 << (start + offset)
                self._members[number].append((1 << offset, members))
            self._ranges.append((start, (1 << len(here)) - 1))
            start += len(here)
        plain = [family for family, _ in families if not family.others and family.only_for is None]
        self._plain: dict[str, int] = {family.home: family.bits[family.home] for family in plain}
        self._others = [family for family, _ in families if family.others or family.only_for is not None]

    def shown(self, chosen: frozenset[str], held: Callable[[Condition], bool]) -> int:
        """Return the places that a reader of the sections `chosen` is shown."""
        every = EVERY_SECTION in chosen
        plain = self._plain
        mask = 0
        for slug in plain if every else chosen | self._always:
            mask |= plain.get(slug, 0)
        for family in self._others:
            if family.only_for is not None and not held(family.only_for):
                continue
            mine = [
                slug
                for slug in (family.home, *family.others)
                if every or slug in chosen or slug in self._always
            ]
            if mine:
                mask |= next(
                    (family.bits[slug] for slug in mine if slug in family.bits), family.bits[family.home]
                )
        return mask

    def by_section(self, mask: int) -> Iterator[tuple[int, int]]:
        """Yield the numbers of the sections that `mask` shows, each with its own bits."""
        for number, (start, own) in enumerate(self._ranges):
            if bits := mask >> start & own:
                yield number, bits

    def items(self, number: int, bits: int) -> Sequence[Item]:
        """Return the items of some places of a section, in the issue's order."""
        found = [one for bit, members in self._members[number] if bits & bit for one in members]
        return [item for _, item in sorted(found, key=lambda one: one[0])]

    def mask_of(self, wanted: Callable[[Item], bool]) -> int:
        """Return the places of the items that are `wanted`."""
        mask = 0
        for (start, _), families in zip(self._ranges, self._members, strict=True):
            for bit, members in families:
                if any(wanted(item) for _, item in members):
                    mask |= bit << start
        return mask

    def bits(self, number: int) -> list[int]:
        """Return the bit of each item that a section may show, in the issue's order."""
        found = [(order, bit) for bit, members in self._members[number] for order, _ in members]
        return [bit for _, bit in sorted(found)]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The sections, each with all items that it may show, in the issue's order."""
        return tuple(
            Block(section=section, items=tuple(self.items(number, self._ranges[number][1])))
            for number, section in enumerate(self._sections)
        )
