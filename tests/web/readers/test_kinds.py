"""Kinds of items in the archive and its feeds, and the calendar files of events."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import icalendar
import pytest
from flask.testing import FlaskClient
from lxml import html

from newsletter.model import Block, Event, Has, Issue, IssueState, Item, ItemKind
from newsletter.services import Workspace
from newsletter.store import issues
from newsletter.store.db import writing
from tests import press

BASE = "https://news.example.org"
ISSUE = f"/issues/{press.CLOSING}"
START = datetime(2025, 2, 20, 11, tzinfo=ZoneInfo("Europe/Kyiv"))


def event(name: str, **values: object) -> Item:
    one = press.item("Форум громад", "Програма на сторінці форуму.", name=name, link="https://auc.org.ua/f")
    happens = Event(start=START, end=START.replace(hour=12, minute=30), place="Київ & область")
    return replace(one, kind=ItemKind.EVENT, event=happens, **values)  # type: ignore[arg-type]  # by name


FEW = event("few", only_for=Has("region", frozenset({"Сумська"})), title="Лише для Сум")


def made() -> Issue:
    """Return an issue with an item of each kind, and an event for some readers only."""
    items = [
        event("форум громад"),
        FEW,
        replace(press.item("Коротко", "кілька слів", name="brief"), kind=ItemKind.BRIEF),
        replace(press.item("Каталог", "Про техніку.", name="ad"), kind=ItemKind.PARTNER),
        replace(
            press.item("Тиждень", name="week"),
            kind=ItemKind.EVENT,
            event=Event(start=date(2025, 3, 3), end=date(2025, 3, 7)),
        ),
    ]
    issue = press.issue(press.CLOSING, items)
    (block,) = issue.blocks
    return replace(
        issue, blocks=(Block(section=replace(block.section, colour="#8a1c4a"), items=block.items),)
    )


@pytest.fixture
def filled(context: Workspace, client: FlaskClient) -> FlaskClient:
    press.publish(context.database, made())
    return client


def tree(client: FlaskClient, address: str) -> html.HtmlElement:
    answer = client.get(address)
    assert answer.status_code == 200
    return html.document_fromstring(answer.text)


@pytest.mark.parametrize("address", [ISSUE, "/sections/social"])
def test_a_page_shows_each_kind_as_what_it_is(filled: FlaskClient, address: str) -> None:
    page = tree(filled, address)
    assert [one.get("class") for one in page.iter("article")] == [
        "news event", "news brief", "news partner", "news event",
    ]  # fmt: skip
    first, second = (
        " ".join(one.text_content().split()) for one in page.find_class("event") if one.tag == "p"
    )
    assert first == "четвер, 20 лютого 2025 року, 11:00–12:30 Київ & область Додати до календаря"
    assert second == "3 – 7 березня 2025 року Додати до календаря"
    assert [one.get("datetime") for one in page.iter("time")] == ["2025-02-20T11:00:00+02:00", "2025-03-03"]
    (label,) = page.find_class("label")
    assert label.text == "Партнерський матеріал"
    assert [one.get("fill") for one in page.iter("rect")] == ["#8a1c4a"]
    assert len(page.find_class("coloured")) == (address == ISSUE)  # its own rule gives way to the colour


def test_words_of_a_page_are_in_the_visitor_s_language_and_those_of_the_issue_in_its_own(
    filled: FlaskClient,
) -> None:
    page = tree(filled, f"{ISSUE}?lang=en")
    (label,) = page.find_class("label")
    assert (label.text, label.get("lang")) == ("Partner content", "en")
    assert page.find_class("event")[0].getparent() is not None
    assert "четвер, 20 лютого" in " ".join(page.text_content().split())


def test_a_calendar_file_is_one_for_everybody_and_leads_back_to_the_item(filled: FlaskClient) -> None:
    page = tree(filled, ISSUE)
    (link, _) = page.xpath("//a[@type='text/calendar']/@href")
    answer = filled.get(link)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in answer.headers
    entry = icalendar.Calendar.from_ical(answer.text).events[0]
    assert entry.start == START
    assert entry["URL"] == f"{BASE}{ISSUE}#форум-громад"
    assert filled.get(link, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert "форум-громад" in [one.get("id") for one in page.iter("article")]


def test_an_event_for_some_readers_is_found_by_its_address_alone(filled: FlaskClient) -> None:
    from newsletter.render.events import calendar_address  # noqa: PLC0415  what the mail has

    address = calendar_address(BASE, str(press.CLOSING), FEW)
    assert icalendar.Calendar.from_ical(filled.get(address.removeprefix(BASE)).text).events[0]["SUMMARY"] == (
        "Лише для Сум"
    )
    shown = [
        ISSUE,
        "/issues",
        "/sections/social",
        "/feed.xml",
        "/feed.json",
        "/sections/social/feed.xml",
        "/sitemap.xml",
    ]
    for path in shown:
        text = filled.get(path).text
        assert "Сум" not in text
        assert address.rpartition("/")[2] not in text
    assert filled.get(f"{ISSUE}/few.ics").status_code == 404


def test_a_calendar_file_is_there_from_the_start_of_the_sending_and_stays(
    context: Workspace, client: FlaskClient
) -> None:
    link = f"{ISSUE}/week.ics"
    press.approve(context.database, made())
    assert client.get(link).status_code == 404
    press.publish(context.database, made())
    assert client.get(link).status_code == 200
    with writing(context.database) as connection:
        issues.change_state(connection, str(press.CLOSING), IssueState.CANCELLED, among=list(IssueState))
    assert client.get(ISSUE).status_code == 404
    assert client.get(link).status_code == 200
    assert client.get(f"{ISSUE}/other.ics").status_code == 404


def test_feeds_say_when_and_where_and_whose(filled: FlaskClient) -> None:
    for accept in ("uk", "en"):
        for path in ("/feed.json", "/sections/social/feed.json"):
            items = filled.get(path, headers={"Accept-Language": accept}).json["items"]  # type: ignore[index]  # JSON
            content = " ".join(one["content_html"] for one in items)
            assert "четвер, 20 лютого 2025 року, 11:00–12:30" in content
            assert "Партнерський матеріал" in content
            assert f'href="{BASE}{ISSUE}/%D1%84%D0%BE%D1%80%D1%83%D0%BC-%D0%B3' in content


@pytest.mark.parametrize("query", ["Київ", "лютого", "четвер"])
def test_an_event_is_found_by_its_place_and_date(filled: FlaskClient, query: str) -> None:
    found = tree(filled, f"/search?q={query}")
    assert [" ".join(one.text_content().split()) for one in found.xpath("//article/h3")] == ["Форум громад"]
