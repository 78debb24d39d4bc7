"""The facts that decide which parts of an issue an edition shows; a theme asks them with `{% when … %}`.

Sections and items go by their number in the issue. Facts are named like `here:3` (the fourth section is
shown) and `item:3.17` (so is the issue's eighteenth item there, but not as the lead).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.model import Block, ClosingCall, Edition, Issue, Item
from newsletter.render.edition import closing_call
from newsletter.render.markdown import is_hashtag

IN_BLOCK = ("here", "item", "begins", "ends")
"""The facts that follow from one section's items, and from which item leads."""


@dataclass(frozen=True, slots=True)
class Lead:
    """The item that leads an edition and its section; it `opens` the section when no heading comes before it.

    A section has no heading of its own where the lead is all it holds, or comes just before it: the lead then
    shows the section's name.
    """

    block: Block
    item: Item
    opens: bool


def lead_of(edition: Edition) -> Lead | None:
    """Return the lead of an edition: of several items that would lead the first does."""
    for block in edition.blocks:
        for item in block.items:
            if item.lead:
                return Lead(block, item, block is edition.blocks[0] or len(block.items) == 1)
    return None


class Numbers:
    """The numbers of an issue's sections and items, and the facts named by them."""

    def __init__(self, issue: Issue) -> None:
        self._sections = {block.section.slug: number for number, block in enumerate(issue.blocks)}
        items = (item for block in issue.blocks for item in block.items)
        self._items = {item.id: number for number, item in enumerate(items)}

    def of_section(self, what: str, block: Block) -> str:
        """Return the name of a fact about a section."""
        return f"{what}:{self._sections[block.section.slug]}"

    def of_item(self, what: str, block: Block, item: Item) -> str:
        """Return the name of a fact about an item in a section."""
        return f"{what}:{self._sections[block.section.slug]}.{self._items[item.id]}"

    def of_lead(self, lead: Lead) -> str:
        """Return the name of the fact that an item leads as it does."""
        return self.of_item("opens" if lead.opens else "leads", lead.block, lead.item)

    def in_block(self, block: Block, lead: str | None) -> Iterator[str]:
        """Yield the facts that follow from a section and its items alone, where the item `lead` leads."""
        yield self.of_section("here", block)
        shown = [item for item in block.items if item.id != lead]
        kinds = [None, *(item.kind for item in shown), None]
        for item, before, after in zip(shown, kinds, kinds[2:], strict=False):
            yield self.of_item("item", block, item)
            if before is not item.kind:
                yield self.of_item("begins", block, item)
            if after is not item.kind:
                yield self.of_item("ends", block, item)

    def around(
        self, blocks: Sequence[Block], lead: Lead | None, call: ClosingCall | None, contents: int
    ) -> Iterator[str]:
        """Yield the other facts: what sections, lead and call are for one another."""
        for block in blocks[1:]:
            yield self.of_section("after", block)
        for block in blocks:
            if not (lead and lead.opens and block is lead.block):
                yield self.of_section("headed", block)
        if lead:
            yield self.of_lead(lead)
        if call:
            yield "call"
        elif not is_hashtag(blocks[-1].items[-1].text):
            yield "plain_end"
        if len(blocks) >= contents:
            yield "contents"
        if any(not block.section.always for block in blocks):
            yield "picked"

    def all_of(self, issue: Issue, edition: Edition, contents: int) -> set[str]:
        """Return every fact that is so in an edition."""
        lead = lead_of(edition)
        leading = lead.item.id if lead else None
        own = (name for one in edition.blocks for name in self.in_block(one, leading))
        return {*own, *self.around(edition.blocks, lead, closing_call(issue.call, edition), contents)}
