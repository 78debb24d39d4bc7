"""The archive in Chromium: narrow phones, large targets, and what axe finds."""

from collections.abc import Iterator
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from newsletter.model import Closing
from newsletter.wiring import Context
from tests import press

pytestmark = pytest.mark.browser
PAGES = ("/issues", f"/issues/{press.CLOSING}", "/sections/social", "/search?q=житло", "/search?q=їжак")


@pytest.fixture
def served(context: Context, site: Flask) -> Iterator[str]:
    """Serve an archive with long words and many items."""
    items = [press.item(f"Житло{'о' * 40} {number}", "гроші" * 30) for number in range(6)]
    items += [press.item("Заклик", "#FreeOurPeople", section="education", link="https://auc.org.ua/")]
    call = Closing(text="Закликаємо.", hashtag="#Разом")
    for closing in reversed(press.weeks(2)):
        press.publish(context.database, press.issue(closing, items, intro="Вітаємо!", call=call))
    server = make_server("127.0.0.1", 0, site, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_narrow_phone(browser: Browser, served: str, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)  # type: ignore[arg-type]
    for address in PAGES:
        page.goto(f"{served}{address}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, address
        low = "els => els.filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML)"
        assert page.locator("main :is(a, button, input)").evaluate_all(low) == [], address
        assert Axe().run(page).response["violations"] == [], address
    page.close()
