"""A Hebrew digest: every text of its mail and its letters runs from the right, on a phone and beside."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from newsletter.compose.assemble import compose
from newsletter.compose.issuefile import load_issue
from newsletter.config import read_settings
from newsletter.model import Rendered
from newsletter.render.edition import Editions
from newsletter.render.letter import Letters
from newsletter.render.renderer import Renderer
from newsletter.services import theme_folders
from tests.unbound import unbound

pytestmark = pytest.mark.browser
SAMPLE = Path(__file__).parents[1] / "data/hebrew"
ASTRAY = """() => [...document.body.querySelectorAll('td, p, h1, h2, h3, h4, li, div')].filter(element => {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    const style = getComputedStyle(element);
    if (!own || style.display === 'none' || element.matches('.when, .tint')) return false;
    return style.direction !== 'rtl' || !['right', 'start', '-webkit-right', 'end'].includes(style.textAlign);
}).map(element => element.outerHTML.slice(0, 200))"""
"""Not the period, which stands at the far end of the masthead, nor the leaf of a calendar."""


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rendered, Rendered]:
    """Return the whole edition of the Hebrew sample, and the letter that confirms a subscription to it."""
    root = tmp_path_factory.mktemp("hebrew") / "digest"
    shutil.copytree(SAMPLE, root)
    settings, closing = read_settings(root), date(2025, 2, 14)
    compose(root, closing, settings)
    issue, problems = load_issue(root, closing, settings)
    assert problems == []
    whole = Editions(issue).whole()
    assert whole
    themes = theme_folders(root)
    return Renderer(settings, themes).render(issue, whole), Letters(settings, themes).page("confirm", "he")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(offline=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", [375, 600])
@pytest.mark.parametrize("which", [0, 1], ids=["issue", "letter"])
def test_every_text_runs_from_the_right(
    mail: tuple[Rendered, Rendered], page: Page, which: int, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(mail[which].html)
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["he", "rtl"]
    assert page.evaluate(ASTRAY) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_both_parts_have_hebrew_words_and_dates(mail: tuple[Rendered, Rendered]) -> None:
    for part in (unbound(mail[0].html), mail[0].text):
        assert "8–14 בפברואר 2025" in part
        assert "נפתחה ההרשמה לדיור ציבורי לעולים חדשים" in part
        assert "(02) 123-45-67" in part
