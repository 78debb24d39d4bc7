"""Faults that only some kinds of item can have are found, at their line."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.checks.editorial import editorial
from newsletter.checks.findings import findings
from newsletter.checks.kinds import kinds
from newsletter.checks.lines import lines_under
from newsletter.config import Settings
from newsletter.errors import Place, Severity
from newsletter.model import Event, Has, Issue, Item, ItemKind
from newsletter.render.edition import Editions
from newsletter.render.renderer import Renderer

MakeItem = Callable[..., Item]
MakeIssue = Callable[..., Issue]
REPOSITORY = Path(__file__).parents[2]


def event(*days: date) -> dict[str, object]:
    return {"kind": ItemKind.EVENT, "event": Event(start=days[0], end=days[1] if days[1:] else None)}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"kind": ItemKind.BRIEF, "text": "слово " * 41}, "a brief of 245 characters"),
        ({"kind": ItemKind.BRIEF, "text": "Раз.\n\nДва."}, "a brief of 2 paragraphs"),
        ({"kind": ItemKind.BRIEF, "text": "Раз:\n\n- два\n- три"}, "a brief of 2 paragraphs, lists"),
        (event(date(2025, 2, 13)), "the event is over on 2025-02-13, before the issue closes on 2025-02-14"),
        (event(date(2052, 2, 20)), "the event is on 2052-02-20, more than a year after the issue"),
    ],
)
def test_a_fault_of_a_kind_is_one_warning(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings, values: dict[str, object], text: str
) -> None:
    (problem,) = editorial(make_issue(make_item(**values)), settings)
    assert problem.severity is Severity.WARNING
    assert text in problem.text


@pytest.mark.parametrize(
    "values",
    [
        {
            "kind": ItemKind.BRIEF,
            "text": "**Слово** [сторінка форуму](https://auc.org.ua/" + "page/" * 60 + ")",
        },
        {"kind": ItemKind.BRIEF, "text": ""},
        {"kind": ItemKind.NEWS, "text": "Десять слів у реченні. " * 25},
        event(date(2025, 2, 14)),
        event(date(2025, 2, 10), date(2025, 2, 16)),
        {
            "kind": ItemKind.EVENT,
            "event": Event(start=datetime(2025, 2, 20, 11, tzinfo=ZoneInfo("Europe/Kyiv"))),
            "link": None,
        },
    ],
)
def test_what_is_as_its_kind_should_be_has_no_findings(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings, values: dict[str, object]
) -> None:
    assert editorial(make_issue(make_item(**values)), settings) == []


def test_a_finding_is_at_the_line_of_its_key(
    tmp_path: Path, make_item: MakeItem, make_issue: MakeIssue
) -> None:
    item = make_item(**event(date(2025, 2, 1)))
    file = tmp_path / item.at.path
    file.parent.mkdir(parents=True)
    file.write_text("---\ntitle: А\nkind: event\nwhen: 2025-02-01\n---\n", encoding="utf-8")
    (problem,) = kinds(item, make_issue().period, lines_under(tmp_path))
    assert problem.at == Place(item.at.path, 4)


def test_two_items_cannot_lead_what_one_reader_gets(
    make_issue: MakeIssue, make_item: MakeItem, settings: Settings
) -> None:
    sumy, kyiv = (Has("region", frozenset({region})) for region in ("Сумська", "Київська"))
    renderer = Renderer(settings, (REPOSITORY / "templates",))

    def errors(*items: Item) -> list[str]:
        editions = Editions(make_issue(*items))
        needed = [editions.of(frozenset({"top"}), {"region": region}) for region in ("Сумська", "Київська")]
        shown = [edition for edition in needed if edition]
        _, problems = findings(editions.issue, [], shown, renderer, settings)
        return [str(problem) for problem in problems if "lead" in problem.text]

    first = make_item(lead=True, title="Раз", link="https://auc.org.ua/1")
    second = make_item(lead=True, id="02", title="Два", link="https://auc.org.ua/2")
    (error,) = errors(first, second)
    assert error.startswith(
        "issues/2025-02-14/items/02.md:1: two items lead: this one and issues/2025-02-14/"
    )
    assert (
        errors(
            make_item(lead=True, only_for=sumy),
            make_item(lead=True, id="02", title="Два", link="https://auc.org.ua/2", only_for=kyiv),
        )
        == []
    )
