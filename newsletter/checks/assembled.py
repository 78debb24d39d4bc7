"""Check the editions of an issue, also thousands: each part once, and of each edition what is its own.

Where readers need many editions, these are assembled of parts. What is wrong with a part is found in a few
editions that have all parts between them; the sizes of each edition follow from those of its parts.
"""

from collections.abc import Iterable, Iterator, Sequence

from newsletter.checks.codes import finding
from newsletter.checks.editorial import editorial
from newsletter.checks.findings import Shared, findings, ordered
from newsletter.checks.kinds import several_leads
from newsletter.checks.lines import Locate, as_given
from newsletter.checks.markup import HEAVY, LARGE, faults, heaviest, size, weight
from newsletter.config import Settings
from newsletter.errors import Message, Problem, RenderError
from newsletter.model import Edition
from newsletter.recipes import Pages, Separate
from newsletter.render.assembly import SAMPLES, Assembly, assembly_of
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer

_SEARCHED = 2_000
"""Editions among which those with the most parts not seen yet are looked for."""


def checked(  # noqa: PLR0913  what is checked, how it is rendered, and how lines are located
    editions: Editions,
    own_problems: Iterable[Problem],
    shown: Sequence[Edition],
    renderer: Renderer,
    settings: Settings,
    *,
    locate: Locate = as_given,
) -> tuple[Pages, list[Problem]]:
    """Return what the editions `shown` are made of, and all problems of the issue and of them.

    A few are each rendered by themselves, and so are many where the theme cannot be assembled.
    """
    issue, refusal = editions.issue, None
    if len(shown) > SAMPLES:
        try:
            assembly = assembly_of(editions, shown, renderer)
        except RenderError as error:
            refusal = error
        else:
            found = _of_parts(editions, assembly, shown, locate)
            return assembly, ordered([*own_problems, *editorial(issue, settings, locate), *found])
    rendered, problems = findings(issue, own_problems, shown, renderer, settings, locate=locate)
    if refusal and rendered:
        problems = ordered([*problems, _slow(refusal, len(shown))])
    return Separate(rendered, shown), problems


def _slow(refusal: RenderError, editions: int) -> Problem:
    return finding(
        "theme-slow",
        Message(
            "each of %(editions)s editions is rendered by itself, as the theme cannot be assembled"
            " of parts: %(why)s",
            editions=editions,
            why=refusal.message.removeprefix(f"{refusal.at}: "),
        ),
        refusal.at,
        refusal.hint,
    )


def _of_parts(
    editions: Editions, assembly: Assembly, shown: Sequence[Edition], locate: Locate
) -> Iterator[Problem]:
    stock = assembly.stock
    looked_at = list(_cover(assembly, shown))
    of_parts, own = Shared(len(looked_at)), Shared(len(shown))
    for edition in looked_at:
        for problem in faults(assembly.assembled(edition).page, edition):
            of_parts.add(problem, edition)
    leads = [item for block in editions.issue.blocks for item in block.items if item.lead]
    heavy = sum(len(image.content) for image in stock.images.values()) > HEAVY
    for edition in shown:
        recipe = assembly.bits(edition)
        for problem in size(stock.size(recipe)):
            own.add(problem, edition)
        for problem in (
            heaviest(assembly.assembled(edition).page.html, edition) if stock.size(recipe) >= LARGE else ()
        ):
            own.add(problem, edition)
        for problem in weight(stock.assembled(edition.key, recipe).pictures) if heavy else ():
            own.add(problem, edition)
        for problem in several_leads(edition, locate) if len(leads) > 1 else ():
            own.add(problem, edition)
    yield from of_parts.problems()
    yield from own.problems()


def _cover(assembly: Assembly, shown: Sequence[Edition]) -> Iterator[Edition]:
    """Yield editions that have all parts between them which any of `shown` has."""
    recipes = [(int.from_bytes(assembly.bits(edition)), edition) for edition in shown[:_SEARCHED]]
    seen = 0
    while True:
        recipe, edition = max(recipes, key=lambda one: (one[0] & ~seen).bit_count())
        if not recipe & ~seen:
            break
        seen |= recipe
        yield edition
    for edition in shown[_SEARCHED:]:
        if (recipe := int.from_bytes(assembly.bits(edition))) & ~seen:
            seen |= recipe
            yield edition
