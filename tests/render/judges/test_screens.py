"""Every theme and letter in Chromium: what axe finds, the contrast of texts, nothing wider than a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.gallery import Mail
from tests.render.judges.conftest import EVERY, EVERY_THEME, LETTERS, Made

pytestmark = pytest.mark.browser
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
READABLE = 4.5
OFF = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}
"""A mail has no landmarks: they are those of the program that shows it."""
WIDE, NARROW, NARROWEST = 600, 375, 320


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Open a page that loads nothing from elsewhere."""
    context = browser.new_context(offline=True)
    yield context.new_page()
    context.close()


def show(page: Page, mail: Mail, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # its own names
    page.set_content(mail.shown)


@pytest.mark.parametrize("name", EVERY)
def test_every_text_can_be_read_in_both_schemes(page: Page, mail: Callable[[str], Made], name: str) -> None:
    for scheme in ("light", "dark"):
        show(page, mail(name).mail, NARROW, scheme)
        found = page.evaluate(CONTRAST, READABLE)
        assert found["low"] == [], scheme
        assert found["count"] > 5


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_wider_than_the_smallest_phone(page: Page, mail: Callable[[str], Made], name: str) -> None:
    show(page, mail(name).mail, NARROWEST, "light")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROWEST


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("name", [*EVERY_THEME, LETTERS[1]])
def test_axe_finds_no_fault(
    page: Page, mail: Callable[[str], Made], name: str, width: int, scheme: str
) -> None:
    show(page, mail(name).mail, width, scheme)
    found = Axe().run(page, options={"rules": OFF})
    assert found.violations_count == 0, found.generate_report()
