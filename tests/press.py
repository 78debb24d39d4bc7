"""Issues brought into the archive the way they come there: approved, and begun to be sent."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine

from newsletter.errors import Place
from newsletter.model import Block, ClosingCall, Condition, Issue, Item, Period, Section
from newsletter.recipes import Separate
from newsletter.render.edition import Editions
from newsletter.sending.freeze import Approval, freeze
from newsletter.store import issues
from newsletter.store.db import writing
from tests.sending import house

CLOSING = date(2025, 2, 14)


def item(  # noqa: PLR0913  what an item is made of
    title: str,
    text: str = "",
    *,
    section: str = "social",
    name: str = "",
    link: str | None = None,
    only_for: Condition | None = None,
) -> Item:
    """Return an item; its name is made from its title."""
    name = name or "-".join(title.lower().split())
    at = Place(f"items/{name}.md", 1)
    return Item(id=name, title=title, text=text, sections=(section,), link=link, only_for=only_for, at=at)


def issue(closing: date, items: Iterable[Item], *, intro: str = "", call: ClosingCall | None = None) -> Issue:
    """Return an issue with `items` by section, in the order in which sections first appear."""
    blocks: dict[str, list[Item]] = {}
    for one in items:
        blocks.setdefault(one.sections[0], []).append(one)
    return Issue(
        period=Period(start=closing - timedelta(days=6), end=closing),
        subject=f"Дайджест {closing}",
        preheader="Що сталося за тиждень",
        intro=intro,
        call=call,
        blocks=tuple(
            Block(section=Section(slug=slug, title=f"Рубрика {slug}"), items=tuple(ones))
            for slug, ones in blocks.items()
        ),
        at=Place("issue.yaml", 1),
    )


def approve(engine: Engine, one: Issue) -> None:
    """Freeze an issue for the readers that are there."""
    editions = Editions(one)
    whole = editions.whole()
    pages = Separate([house.page(whole)], [whole]) if whole else Separate([])
    approval = Approval(by="Олена", at=house.NOW, sources={}, errors=0)
    freeze(engine, editions, pages, replace(house.SHARED, issue=one.name), approval)


def publish(engine: Engine, one: Issue) -> None:
    """Freeze an issue and begin to send it, on its closing day at 14:00 UTC."""
    approve(engine, one)
    with writing(engine) as connection:
        begun = datetime.combine(one.period.end, datetime.min.time(), UTC) + timedelta(hours=14)
        issues.begin(connection, one.name, "smtp", begun)


def weeks(number: int) -> list[date]:
    """Return as many closing dates, the newest first."""
    return [CLOSING - timedelta(weeks=week) for week in range(number)]
