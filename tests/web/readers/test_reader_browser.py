"""A reader's own pages in Chromium: without scripts, by keyboard, on a small phone."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from newsletter.services import Workspace
from newsletter.store.choices import by_choosing, by_pausing
from newsletter.store.requests import Kind
from tests.web.readers.people import OPTIONAL, mailed, person, states, subscribe, token

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Serve the site on a free port, and open its pages."""
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")
    server = make_server("127.0.0.1", 0, site, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    contexts = []

    def open_page(path: str, **options: object) -> Page:
        usual = {"locale": "uk", "java_script_enabled": False, "viewport": {"width": 320, "height": 640}}
        contexts.append(browser.new_context(**usual | options))  # type: ignore[arg-type]  # its own names
        page = contexts[-1].new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}{path}")
        return page

    yield open_page
    for one in contexts:
        one.close()
    server.shutdown()
    thread.join()


@pytest.fixture
def number(context: Workspace) -> int:
    """Make a reader of two sections, one of them paused."""
    choices = by_choosing({}, {"social", "education"}, OPTIONAL)
    return subscribe(
        context, choices=by_pausing(choices, ["education"], "2025-03-01", OPTIONAL), language="uk"
    )


def test_sections_are_chosen_and_paused_without_a_script(
    open_page: Open, context: Workspace, number: int
) -> None:
    page = open_page(
        f"/preferences/{token(context, number)}?lang=en", viewport={"width": 1200, "height": 900}
    )
    page.get_by_label("Сталий економічний розвиток").first.check()
    page.get_by_label("Pause: Сталий економічний розвиток").check()
    page.get_by_label("Pause: Освіта").uncheck()
    page.get_by_label("The day you will get it again").fill("2025-04-01")
    page.get_by_role("button", name="Save").last.click()
    status = page.get_by_role("status")
    expect(status).to_contain_text("Paused until 1 April 2025: Сталий економічний розвиток.")
    expect(status).to_contain_text("The pause is over: Освіта.")
    expect(status).to_be_focused()
    found = states(person(context, number).choices)
    assert (found["social"], found["education"], found["economy"]) == ("active", "active", "paused")


def test_boxes_hide_under_all_sections_and_pauses_beside_what_is_not_chosen(
    open_page: Open, context: Workspace, number: int
) -> None:
    page = open_page(f"/preferences/{token(context, number)}?lang=en")
    expect(page.get_by_label("Pause: Соціальний захист")).to_be_visible()
    expect(page.get_by_label("Pause: Адміністративні послуги")).to_be_hidden()
    page.get_by_label("All sections, including new ones").check()
    expect(page.get_by_label("Соціальний захист").first).to_be_hidden()


def test_leaving_by_choosing_nothing_takes_a_second_button(
    open_page: Open, context: Workspace, number: int
) -> None:
    page = open_page(f"/preferences/{token(context, number)}?lang=en")
    for box in page.locator("input[name=section]").all():
        box.uncheck()
    page.get_by_role("button", name="Save").last.click()
    page.get_by_role("button", name="Yes, leave the digest").click()
    expect(page.get_by_role("status")).to_contain_text("You have unsubscribed")
    assert set(states(person(context, number).choices).values()) == {"left"}


def test_enter_in_a_field_saves_and_does_not_list_communities(
    open_page: Open, context: Workspace, number: int
) -> None:
    page = open_page(f"/mine/data/{mailed(context, number, Kind.DATA)}?lang=en")
    page.get_by_role("button").click()
    page.get_by_label("Your name").fill("Ольга")
    page.get_by_label("Your name").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved: name.")
    assert person(context, number).name == "Ольга"


def test_the_keyboard_goes_down_the_page_in_the_order_of_reading(
    open_page: Open, context: Workspace, number: int
) -> None:
    page = open_page(f"/preferences/{token(context, number)}?pause=social", java_script_enabled=True)
    page.locator("main").evaluate("main => { main.tabIndex = -1; main.focus() }")
    places = []
    for _ in range(40):
        page.keyboard.press("Tab")
        inside = page.evaluate("document.activeElement.closest('main') !== null")
        if not inside:
            break
        places.append(page.evaluate("document.activeElement.getBoundingClientRect().top + scrollY"))
    assert len(places) > 15
    assert all(later >= earlier - 30 for earlier, later in pairwise(places))
