"""Kinds of items in front matter: events, briefs, partners, the lead."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from newsletter.compose.item import format_item, parse_item
from newsletter.errors import Place, Problem, Severity
from newsletter.model import Event, Item, ItemKind

PATH = "issues/2025-02-14/items/01-forum.md"
KYIV = ZoneInfo("Europe/Kyiv")
ELEVEN = datetime(2025, 2, 20, 11, tzinfo=KYIV)


def parse(*lines: str) -> tuple[Item, list[Problem]]:
    text = "\n".join(["---", "title: Форум", "section: top", *lines, "---"])
    item, problems = parse_item(text, PATH, sections=["top"], fields=(), timezone="Europe/Kyiv")
    assert item
    return item, problems


@pytest.mark.parametrize(
    ("lines", "event"),
    [
        (["when: 2025-02-20"], Event(start=date(2025, 2, 20))),
        (["when: 2025-02-20 11:00"], Event(start=ELEVEN)),
        (["when: 2025-02-20 11:00:00"], Event(start=ELEVEN)),
        (["when: 2025-02-20T11:00:00+02:00"], Event(start=ELEVEN)),
        (["when: 2025-02-20T09:00:00Z"], Event(start=ELEVEN)),
        (["when: 20.02.2025 11:00"], Event(start=ELEVEN)),
        (["when: 20 лютого 2025 року, 11:00"], Event(start=ELEVEN)),
        (["when: February 20, 2025, 11 am"], Event(start=ELEVEN)),
        (["when: 20 лютого 2025, 11:00–12:30"], Event(start=ELEVEN, end=ELEVEN.replace(hour=12, minute=30))),
        (
            ["when: 2025-02-20 11:00", "until: 12:30"],
            Event(start=ELEVEN, end=ELEVEN.replace(hour=12, minute=30)),
        ),
        (
            ["when: 2025-02-20 11:00", "until: 2025-02-21 09:00"],
            Event(start=ELEVEN, end=datetime(2025, 2, 21, 9, tzinfo=KYIV)),
        ),
        (["when: 2025-02-20", "until: 2025-02-22"], Event(start=date(2025, 2, 20), end=date(2025, 2, 22))),
        (["when: 2025-02-20", "until: 2025-02-20"], Event(start=date(2025, 2, 20), end=date(2025, 2, 20))),
        (["when: 2025-02-20", "where: Київ, вул. Січових Стрільців, 73"], Event(
            start=date(2025, 2, 20), place="Київ, вул. Січових Стрільців, 73")),
    ],
)  # fmt: skip
def test_an_event_has_its_time_as_people_write_it(lines: list[str], event: Event) -> None:
    item, problems = parse("kind: event", *lines)
    assert not problems
    assert item.event == event
    assert item.kind is ItemKind.EVENT


@pytest.mark.parametrize(
    ("lines", "line", "text", "hint"),
    [
        (["kind: event"], 4, "an event needs `when`", "Add `when: …`. Write it like 2025-02-20 11:00"),
        (["kind: event", "when: скоро"], 5, "when: 'скоро' is not a date or time", "Write it like"),
        (["kind: event", "when: 20 лютого"], 5, "is not a date or time", "Write it like"),
        (["kind: event", "when: 20250220"], 5, "when: 20250220 is not a date or time", "Write it like"),
        (["kind: event", "when: [2025-02-20]"], 5, "is not a date or time", "Write it like"),
        (["kind: event", "when: 2025-02-20", "until: 12:30"], 6, "'12:30' is not such", "as `when`"),
        (["kind: event", "when: 2025-02-20 11:00", "until: 2025-02-21"], 6, "not such a date", "as `when`"),
        (["kind: event", "when: 2025-02-20 11:00", "until: 1230"], 6, "1230 is not such", "as `when`"),
        (["kind: event", "when: 2025-02-20 11:00", "until: 10:30"], 6, "before it begins", "Correct one"),
        (["kind: event", "when: 2025-02-20", "until: 2025-02-19"], 6, "before it begins", "Correct one"),
        (
            ["kind: event", "when: 20 лютого 2025, 11:00–12:30", "until: 13:00"],
            6, "says already", "Remove one",
        ),
        (["kind: event", "when: 2025-03-30 03:30"], 5, "no 03:30 on 2025-03-30 in Europe/Kyiv", "forward"),
        (["kind: event", "when: 9999-12-31"], 5, "when: the year is 9999", "Correct the year."),
        (["when: 2025-02-20"], 4, "`when` is for events only", "Write `kind: event`, or remove `when`."),
        (["kind: brief", "where: Київ"], 5, "`where` is for events only", "remove `where`"),
    ],
)  # fmt: skip
def test_a_faulty_event_is_named_at_its_line_with_a_cure(
    lines: list[str], line: int, text: str, hint: str
) -> None:
    item, (problem,) = parse(*lines)
    assert item.event is None
    assert item.kind is not ItemKind.EVENT
    assert problem.severity is Severity.ERROR
    assert problem.at == Place(PATH, line)
    assert text in problem.text
    assert hint in problem.hint


def test_an_unknown_kind_names_the_nearest() -> None:
    text = "---\ntitle: Форум\nsection: top\nkind: evnt\n---"
    item, (problem,) = parse_item(text, PATH, sections=["top"], fields=(), timezone="Europe/Kyiv")
    assert item is None
    assert problem.text == "kind: there is no kind of item 'evnt'"
    assert problem.hint == "Did you mean 'event'?"
    assert problem.at == Place(PATH, 4)


@pytest.mark.parametrize(
    ("line", "kind"),
    [("kind:", ItemKind.NEWS), ("kind: brief", ItemKind.BRIEF), ("kind: partner", ItemKind.PARTNER)],
)
def test_an_item_is_of_the_kind_it_names(line: str, kind: ItemKind) -> None:
    item, problems = parse(line, "lead: true")
    assert not problems
    assert (item.kind, item.lead, item.event) == (kind, True, None)


def test_an_event_is_written_as_an_editor_would() -> None:
    item, _ = parse("kind: event", "when: 2025-02-20 11:00", "until: 12:30", "where: Київ")
    lines = format_item(item).splitlines()
    assert lines[4:8] == ["kind: event", "when: 2025-02-20 11:00", "until: 2025-02-20 12:30", "where: Київ"]
