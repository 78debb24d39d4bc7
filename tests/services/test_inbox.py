"""The inbox: what was found waits as a file, is placed or dismissed, and never comes back."""

import shutil
from datetime import UTC, date, datetime

import pytest

from newsletter.errors import ContentError
from newsletter.services import Workspace, inbox
from newsletter.services.editing.fields import ItemFields
from newsletter.services.editing.files import Desk
from newsletter.services.editing.history import Author
from newsletter.services.editing.items import read_item
from newsletter.services.editing.outline import read_outline
from newsletter.services.editing.removal import restore
from newsletter.services.inbox import Found, SeenBefore
from tests.databases import new_database
from tests.sample import ROOT

CLOSING = date(2025, 2, 14)
NOW = datetime(2025, 2, 13, 9, 15, tzinfo=UTC)


@pytest.fixture
def desk(press: Workspace) -> Desk:
    """Open the sample issue for an editor."""
    shutil.copytree(ROOT / "issues", press.root / "issues")
    new_database(press.var / "newsletter.db")
    return Desk(press, Author())


def found(title: str, link: str = "", text: str = "") -> Found:
    fields = ItemFields(title=title, link=link, text=text)
    return Found(fields=fields, source="mon.gov.ua", found_at=NOW)


def test_what_was_found_waits_with_its_source_and_is_placed_as_an_item(desk: Desk) -> None:
    name = inbox.add(desk, found("Шкільні автобуси: роз’яснення", "https://mon.gov.ua/bus", "Пояснили."))
    assert name == "shkilni-avtobusy-roziasnennia"
    (waiting,) = inbox.waiting(desk.workspace)
    assert (waiting.source, waiting.found_at, waiting.title) == (
        "mon.gov.ua",
        NOW,
        "Шкільні автобуси: роз’яснення",
    )
    assert inbox.place(desk, name, CLOSING, "education") == name
    assert inbox.number(desk.workspace) == 0
    item = read_item(desk.workspace, CLOSING, name)
    assert item
    assert item.item
    assert item.item.sections == ("education",)
    assert item.problems == []
    assert [one.id for one in read_outline(desk.workspace, CLOSING).sections[3].items][-1] == name


def test_what_was_dismissed_or_published_is_not_brought_again_until_it_is_restored(desk: Desk) -> None:
    bus = found("Автобуси", "https://www.mon.gov.ua/bus/?utm_source=mail#top")
    name = inbox.add(desk, bus)
    assert name
    assert inbox.add(desk, found("Інша назва", "http://mon.gov.ua/bus")) is None
    inbox.dismiss(desk, name)
    assert inbox.waiting(desk.workspace) == []
    assert inbox.add(desk, bus) is None
    assert [one.name for one in inbox.dismissed(desk.workspace, 5)] == [name]
    assert restore(desk, name) is None
    assert [one.name for one in inbox.waiting(desk.workspace)] == [name]
    inbox.place(desk, name, CLOSING, "education")
    assert inbox.add(desk, bus) is None
    with pytest.raises(ContentError, match="is not there"):
        inbox.dismiss(desk, name)


def test_what_an_issue_of_the_last_weeks_has_is_known_by_link_and_by_likeness(desk: Desk) -> None:
    inbox.place(desk, inbox.add(desk, found("А", "https://a.example/x")) or "", CLOSING, "top")
    path = desk.workspace.root / "inbox/twin.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("---\ntitle: Зовсім інше\nlink: http://a.example/x/\n---\n", "utf-8")
    (path.parent / "alike.md").write_text("---\ntitle: Субсидії на оренду житла для ВПО\n---\n", "utf-8")
    (path.parent / "new.md").write_text("---\ntitle: Субсидія на шкільний автобус\n---\n", "utf-8")
    seen = SeenBefore(desk.workspace, NOW.date())
    known = {one.name: seen.find(one) for one in inbox.waiting(desk.workspace)}
    assert {name: one and (one.title, one.by_link) for name, one in known.items()} == {
        "twin": ("А", True),
        "alike": ("Субсидія на оренду житла для ВПО", False),
        "new": None,
    }
    assert SeenBefore(desk.workspace, date(2025, 6, 1)).find(inbox.waiting(desk.workspace)[0]) is None


def test_a_broken_file_is_shown_with_its_line_and_is_not_placed(desk: Desk) -> None:
    path = desk.workspace.root / "inbox/broken.md"
    path.parent.mkdir()
    path.write_text("---\ntitle: [\n---\n", "utf-8")
    (waiting,) = inbox.waiting(desk.workspace)
    assert [str(problem.at) for problem in waiting.problems] == ["inbox/broken.md:2"]
    with pytest.raises(ContentError):
        inbox.place(desk, "broken", CLOSING, "top")
    assert path.is_file()
