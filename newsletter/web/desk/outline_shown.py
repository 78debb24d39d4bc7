"""The outline of an issue as its board shows it: sections, and items whose findings lead to their fields."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from flask import current_app, g, url_for
from markupsafe import Markup

from newsletter.errors import Problem
from newsletter.render.values import Data, plain
from newsletter.services.editing.outline import Outline, OutlineItem
from newsletter.web.desk.access import workspace
from newsletter.web.desk.drafts import drafts
from newsletter.web.desk.item_form import anchor
from newsletter.web.preview.shown import shown_problem

_FLAGS = 3
"""Findings that an item's line shows; of more it tells the number."""
_KEPT = 1000
"""Lines that are remembered, of about one kilobyte each: on the next page most are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Where an item stands on the board, and what may be done with it there."""

    placed: bool = True
    first: bool = False
    last: bool = False
    closed: bool = False
    moving: bool = False


def shown_sections(outline: Outline, *, closed: bool, moving: str = "") -> tuple[Data, ...]:
    """Return the sections with their readers and the lines of their items; of `moving` is asked whereto."""
    counts = drafts().counts.sections(workspace())
    everybody = drafts().counts.all(workspace())
    return tuple(
        Data(
            slug=one.section.slug,
            title=one.section.title,
            always=one.section.always,
            readers=everybody if one.section.always else counts.get(one.section.slug, 0),
            lines=_lines(outline, one.items, closed=closed, moving=moving),
        )
        for one in outline.sections
    )


def shown_unplaced(outline: Outline) -> Markup:
    """Return the lines of the items that no section lists."""
    return Markup().join(_line(outline, one, _Row(placed=False)) for one in outline.unplaced)


def _lines(outline: Outline, items: Sequence[OutlineItem], *, closed: bool, moving: str) -> Markup:
    last = len(items) - 1
    return Markup().join(
        _line(
            outline,
            one,
            _Row(first=place == 0, last=place == last, closed=closed, moving=one.id == moving),
        )
        for place, one in enumerate(items)
    )


def _line(outline: Outline, one: OutlineItem, row: _Row) -> Markup:
    lines = current_app.extensions
    if "lines" not in lines:
        lines["lines"] = lru_cache(maxsize=_KEPT)(_drawn)
    found: Markup = lines["lines"](
        g.language, outline.closing, one, outline.folder.texts.get(one.path, ""), row
    )
    return found


def _drawn(_language: str, closing: date, one: OutlineItem, text: str, row: _Row) -> Markup:
    """Return the line of an item as HTML; it is the same for everybody who reads the desk in a language."""
    item = one.item
    address = url_for("item.show", closing=closing, name=one.id)
    distinct: dict[Problem, Problem] = {}
    for problem in one.problems:
        distinct.setdefault(replace(problem, at=None), problem)
    found = sorted(distinct.values(), key=lambda problem: problem.severity.rank)
    shown = Data(
        id=one.id,
        title=one.title,
        words=one.words,
        address=address,
        kind=item.kind.value if item else "",
        lead=bool(item and item.lead),
        picture=bool(item and item.picture),
        limited=bool(item and item.only_for),
        flags=tuple(
            Data(shown=shown_problem(problem), address=f"{address}#{anchor(text, problem)}")
            for problem in found[:_FLAGS]
        ),
        more=max(0, len(found) - _FLAGS),
    )
    template = current_app.jinja_env.get_template("board_item.html")
    return Markup(template.render(item=shown, row=plain(row), board=url_for("board.show", closing=closing)))  # noqa: S704  escaped by the template
