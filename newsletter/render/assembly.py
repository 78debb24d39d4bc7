"""An issue rendered once and cut into parts, of which each edition is assembled.

That an assembled edition is the one that would be rendered by itself holds for themes that ask with
`{% when … %}` whatever they decide by what is shown. `assembly_of` compares some before any is used.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from newsletter.errors import Message, RenderError
from newsletter.model import Edition, Rendered
from newsletter.recipes import HTML, SUBJECT, TEXT, Assembled, Part, Stock
from newsletter.render.edition import Editions, closing_call, says
from newsletter.render.facts import IN_BLOCK, Numbers, lead_of
from newsletter.render.parts import NOT, Piece, merged
from newsletter.render.renderer import Renderer

SAMPLES = 8
"""Most editions that are rendered to compare them. To assemble so few is no gain."""
_KEPT = 4096
_NEAR = 30

Needs = frozenset[str]


class Assembly:
    """The parts of an issue in the theme of `renderer`, of which `shown` are made. Raises RenderError."""

    def __init__(self, editions: Editions, renderer: Renderer, shown: Sequence[Edition] = ()) -> None:
        self.editions = shown
        issue = editions.issue
        self._issue = issue
        self._places = editions.places
        self._blocks = editions.places.blocks
        self._numbers = Numbers(issue)
        self._contents = renderer.contents
        self._leading = self._places.mask_of(lambda item: item.lead)
        tag = issue.call.hashtag if issue.call else ""
        self._calling = self._places.mask_of(lambda item: bool(tag) and says(item, tag))
        self._runs = dict(self._find_runs())
        whole = renderer.whole(editions)
        pieces = [(SUBJECT, Piece((), whole.subject))]
        pieces += [(HTML, piece) for piece in merged(map(self._in_run, whole.html))]
        pieces += [(TEXT, piece) for piece in merged(map(self._in_run, whole.text))]
        images = {image.name: image for _, piece in pieces for image in renderer.images(piece.text, issue)}
        parts = [
            Part(kind, one.text, tuple(sorted(image.name for image in renderer.images(one.text, issue))))
            for kind, one in pieces
        ]
        self.stock = Stock(parts, images.values())
        self._size = -(-len(parts) // 8)
        self._always = 0
        self._alone: defaultdict[str, int] = defaultdict(int)
        self._local: defaultdict[int | None, dict[Needs, int]] = defaultdict(dict)
        self._mixed: defaultdict[int | None, dict[Needs, int]] = defaultdict(dict)
        for number, (_, piece) in enumerate(pieces):
            self._sort(frozenset(piece.needs), 1 << (8 * self._size - 1 - number))
        mixed = {need for needs in self._mixed.values() for one in needs for need in one}
        self._asked = {need.removeprefix(NOT) for need in mixed}
        self._denied = {need for need in mixed if need.startswith(NOT)}
        self._in_block = lru_cache(_KEPT)(self._of_block)

    def _find_runs(self) -> Iterator[tuple[str, str]]:
        """Yield the facts about items that are shown together, each with the fact about all of them."""
        for number, block in enumerate(self._blocks):
            for item, bit in zip(block.items, self._places.bits(number), strict=True):
                if not item.lead:
                    yield self._numbers.of_item("item", block, item), f"run:{number}.{bit}"

    def _in_run(self, piece: Piece) -> Piece:
        return Piece(tuple(dict.fromkeys(self._runs.get(need, need) for need in piece.needs)), piece.text)

    def _sort(self, needs: Needs, bit: int) -> None:
        """Note that the part of a bit needs some facts: none, one, some of one section, or others."""
        sections = {_section(need) for need in needs}
        if not needs:
            self._always |= bit
        elif None not in sections and len(sections) == 1:
            (number,) = sections
            self._local[number][needs] = self._local[number].get(needs, 0) | bit
        elif len(needs) == 1 and not next(iter(needs)).startswith(NOT):
            self._alone[next(iter(needs))] |= bit
        else:
            number = next((number for number in sections if number is not None), None)
            self._mixed[number][needs] = self._mixed[number].get(needs, 0) | bit

    def recipe(self, edition: Edition) -> bytes | None:
        """Return the recipe of an edition; None of one that was not made of this issue for a reader."""
        return self.bits(edition) if edition.mask else None

    def bits(self, edition: Edition) -> bytes:
        """Return the recipe of an edition of this issue."""
        lead = lead_of(edition) if edition.mask & self._leading else None
        call = None if edition.mask & self._calling else self._issue.call
        around = list(self._numbers.around(edition.blocks, lead, call, self._contents))
        facts = set(around)
        mask = self._always
        for fact in around:
            mask |= self._alone.get(fact, 0)
        mixed = list(self._mixed[None].items())
        for number, bits in self._places.by_section(edition.mask):
            shown, asked, also = self._in_block(number, bits, lead.item.id if lead else None)
            mask |= shown
            facts |= asked
            mixed += also
        facts.update(need for need in self._denied if need.removeprefix(NOT) not in facts)
        for needs, bit in mixed:
            if needs <= facts:
                mask |= bit
        return mask.to_bytes(self._size)

    def _of_block(
        self, number: int, bits: int, lead: str | None
    ) -> tuple[int, Needs, Sequence[tuple[Needs, int]]]:
        """Return the parts that a section alone decides on, facts for the others, and what those need."""
        block = replace(self._blocks[number], items=tuple(self._places.items(number, bits)))
        facts = {self._runs.get(fact, fact) for fact in self._numbers.in_block(block, lead)}
        shown = 0
        for needs, bit in self._local[number].items():
            if needs <= facts:
                shown |= bit
        return shown, frozenset(facts & self._asked), tuple(self._mixed[number].items())

    def assembled(self, edition: Edition) -> Assembled:
        """Return an edition as its parts."""
        return self.stock.assembled(edition.key, self.bits(edition))


def _section(need: str) -> int | None:
    """Return the number of the section that a fact follows from alone; None for any other fact."""
    what, _, number = need.partition(":")
    return int(number.partition(".")[0]) if what in (*IN_BLOCK, "run") else None


def assembly_of(editions: Editions, shown: Sequence[Edition], renderer: Renderer) -> Assembly:
    """Return the assembly of an issue, after some of `shown` came out as when rendered by themselves.

    Raises RenderError when the theme cannot be assembled.
    """
    assembly = Assembly(editions, renderer, shown)
    for edition in samples(editions, shown):
        made, own = assembly.assembled(edition).page, renderer.render(editions.issue, edition)
        if made != own:
            raise RenderError(
                Message(
                    "what it shows depends on what else is shown: %(difference)s",
                    difference=_difference(made, own),
                ),
                "In the theme, ask with {% when … %} what an edition shows; docs/adding-a-theme.md says how.",
            )
    return assembly


def samples(editions: Editions, shown: Sequence[Edition]) -> list[Edition]:
    """Return up to SAMPLES editions that differ in what is around their sections; the last is the largest."""
    numbers = Numbers(editions.issue)
    found: dict[frozenset[str], Edition] = {}
    for edition in sorted(shown, key=lambda one: len(one.blocks)):
        call = closing_call(editions.issue.call, edition)
        around = numbers.around(edition.blocks, lead_of(edition), call, len(edition.blocks))
        found.setdefault(frozenset(fact for fact in around if ":" not in fact), edition)
    largest = max(shown, key=lambda one: len(one.blocks))
    return [*list(found.values())[: SAMPLES - 1], largest]


def _difference(made: Rendered, own: Rendered) -> str:
    """Return where two renderings first differ, in words."""
    for what, ours, theirs in (("HTML", made.html, own.html), ("text", made.text, own.text)):
        if ours != theirs:
            at = next(
                (n for n, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other),
                min(len(ours), len(theirs)),
            )
            return f"the {what} near {theirs[max(0, at - _NEAR) : at + _NEAR]!r}"
    return "the subject" if made.subject != own.subject else "the pictures"
