"""The pages of two brands that are hard: a dark green alone, and a yellow too pale for white text."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from newsletter.brand import READABLE
from newsletter.services import open_workspace
from newsletter.web.preview.app import create_preview
from newsletter.web.preview.proofs import Proofs
from newsletter.web.preview.reload import Watch
from newsletter.web.readers.app import create_site
from tests.gallery import ROOT
from tests.web.readers.people import NOW
from tests.web.test_accessibility import D, fill, serving, write_issue

pytestmark = pytest.mark.browser
CONTRAST = (ROOT / "tests/render/judges/contrast.js").read_text(encoding="utf-8")
BRANDS = {"green": "#14532d", "pale": "#ffe58a"}
PAGES = ["/", "/issues", f"/issues/{D}", "/search?q=житло", "/signup", "/preferences/{reader}?pause=social"]


@pytest.fixture(scope="module", params=BRANDS)
def branded(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Page, dict[str, str]]]:
    """Serve the site and the preview of a brand; return a page, and the addresses to look at."""
    root = tmp_path_factory.mktemp(request.param)
    write_issue(root)
    settings = root / "newsletter.yaml"
    lines = [
        f'brand: {{colour: "{BRANDS[request.param]}"}}' if line.startswith("brand:") else line
        for line in settings.read_text(encoding="utf-8").splitlines()
    ]
    settings.write_text("\n".join(lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("NEWSLETTER_NOW", NOW.isoformat())
        context = open_workspace(root)
        stack.callback(context.database.dispose)
        tokens = fill(context)
        proofs = Proofs(context)
        watch = stack.enter_context(Watch(proofs.folders))
        site = stack.enter_context(serving(create_site(context)))
        preview = stack.enter_context(serving(create_preview(proofs, watch)))
        addresses = {path: site + path.format(**tokens) for path in PAGES}
        opened = browser.new_context(viewport={"width": 375, "height": 800}, locale="uk")
        stack.callback(opened.close)
        yield opened.new_page(), {**addresses, "preview": f"{preview}/{D}"}


def low(page: Page) -> list[str]:
    """Return every text of the page that cannot be read in one of the schemes."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        seen = page.evaluate(CONTRAST, READABLE)
        assert seen["count"] > 5
        found += [f"{scheme}: {words}" for words in seen["low"]]
    return found


def test_every_text_of_every_page_can_be_read_in_both_schemes(branded: tuple[Page, dict[str, str]]) -> None:
    page, addresses = branded
    faults = {}
    for path, address in addresses.items():
        page.goto(address)
        faults[path] = low(page)
    page.goto(addresses["/signup"])
    page.locator("form[method=post] button:not(.unseen)").last.click()
    assert page.locator(".error").count() > 0
    faults["errors"] = low(page)
    assert {path: words for path, words in faults.items() if words} == {}


def test_the_masthead_and_the_button_are_in_the_brand_s_colours(branded: tuple[Page, dict[str, str]]) -> None:
    page, addresses = branded
    page.emulate_media(color_scheme="light")
    page.goto(addresses["/"])
    ground = "getComputedStyle(document.querySelector('.top')).backgroundColor"
    red, green, blue = (int(part) for part in page.evaluate(ground)[4:-1].split(","))
    assert f"#{red:02x}{green:02x}{blue:02x}" in BRANDS.values()
    assert page.evaluate("document.documentElement.scrollWidth") == 375
