"""The preview in Chromium: following changes, keys, schemes, and markup that stays inert."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ISSUE = "/2025-02-14"
EDITION = f"{ISSUE}/edition"
Open = Callable[..., Page]


def press(page: Page, key: str) -> None:
    expect(page.locator(".state")).to_have_text("Changes appear by themselves")
    page.keyboard.press(key)


def edit(workspace: Path, name: str, old: str, new: str) -> None:
    file = workspace / f"issues/2025-02-14/{name}"
    file.write_text(file.read_text("utf-8").replace(old, new), encoding="utf-8")


def test_a_saved_item_appears_by_itself(open_page: Open, workspace: Path) -> None:
    page = open_page(EDITION)
    edit(workspace, "items/01-forum.md", "Форум громад", "З’їзд громад")
    expect(page.locator("pre")).to_contain_text("З’їзд громад")
    expect(page.frame_locator("iframe").locator("h3").first).to_have_text("З’їзд громад")


def test_a_broken_item_shows_its_place_and_the_page_recovers(open_page: Open, workspace: Path) -> None:
    page = open_page(EDITION)
    edit(workspace, "items/02-flats.md", "title: Житло", "title: [Житло")
    expect(page.locator(".findings code:not(.muted)")).to_have_text("issues/2025-02-14/items/02-flats.md:3")
    edit(workspace, "items/02-flats.md", "title: [Житло", "title: Житло")
    expect(page.locator(".findings")).to_have_count(0)
    expect(page.locator("pre")).to_contain_text("Житло для переселенців")


def test_broken_settings_are_shown_and_the_page_recovers(open_page: Open, workspace: Path) -> None:
    page = open_page(EDITION)
    settings = workspace / "newsletter.yaml"
    sound = settings.read_text("utf-8")
    settings.write_text(sound.replace("week: {starts: saturday}", "week: {starts: caturday}"), "utf-8")
    expect(page.locator("h1")).to_have_text("This cannot be shown yet")
    expect(page.locator(".findings code:not(.muted)")).to_have_text("newsletter.yaml:5")
    settings.write_text(sound, "utf-8")
    expect(page.locator("h1")).to_have_text("Edition 1 of 3")


def test_keys_walk_editions_widths_schemes_and_parts(open_page: Open) -> None:
    page = open_page(EDITION)
    for key, heading in (("ArrowRight", "Edition 2 of 3"), ("ArrowLeft", "Edition 1 of 3")):
        press(page, key)
        expect(page.locator("h1")).to_have_text(heading)
    for key, width in (("2", 768), ("3", 1200), ("1", 375)):
        press(page, key)
        expect(page.locator(".frame")).to_have_class(f"frame width-{width}")
        frame = page.locator("iframe").bounding_box()
        assert frame is not None
        assert frame["width"] == width
    press(page, "d")
    expect(page).to_have_url(re.compile("scheme=dark"))
    press(page, "t")
    expect(page.locator("pre")).to_have_count(0)


def test_keys_work_in_the_letter_and_are_left_alone_in_a_field(open_page: Open) -> None:
    page = open_page(EDITION)
    page.frame_locator("iframe").locator("h1").click()
    press(page, "ArrowRight")
    expect(page.locator("h1")).to_have_text("Edition 2 of 3")
    page.get_by_label("What a reader gets").press_sequentially("td1")
    assert "part=" not in page.url
    assert page.get_by_label("What a reader gets").input_value() == "td1"


def test_the_letter_stays_where_it_was_scrolled_to(open_page: Open, workspace: Path) -> None:
    page = open_page(f"{EDITION}?edition=top.social.education", bypass_csp=True)  # for waiting
    scrolled = "frame => frame.contentWindow.scrollY"
    page.wait_for_function("document.querySelector('iframe').contentDocument.readyState === 'complete'")
    page.locator("iframe").evaluate("frame => frame.contentWindow.scrollTo(0, 200)")
    page.wait_for_function("sessionStorage.length > 0")
    edit(workspace, "items/03-schools.md", "Нові майстерні", "Новітні майстерні")
    expect(page.locator("pre")).to_contain_text("Новітні майстерні")
    page.wait_for_function("document.querySelector('iframe').contentWindow.scrollY > 150")
    assert page.locator("iframe").evaluate(scrolled) < 250


@pytest.mark.parametrize("preferred", ["light", "dark"])
def test_a_scheme_is_the_one_asked_for_whatever_the_system_prefers(open_page: Open, preferred: str) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        page = open_page(f"{EDITION}?scheme={scheme}", color_scheme=preferred)
        paper = page.frame_locator("iframe").locator(".paper").first
        grounds[scheme] = paper.evaluate("element => getComputedStyle(element).backgroundColor")
    assert grounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(26, 32, 39)"}


def test_markup_in_an_item_stays_inert(open_page: Open, workspace: Path) -> None:
    attack = "<img src=x onerror=top.broken=1><script>top.broken=1</script>"
    edit(workspace, "items/01-forum.md", "Форум громад", f"'{attack}'")
    edit(workspace, "items/02-flats.md", "Текст новини", f"{attack} [x](javascript:top.broken=1)")
    asked = []
    page = open_page(ISSUE)
    page.on("request", lambda request: asked.append(request.url))
    for path in (ISSUE, EDITION, f"{EDITION}?reader={attack}", f"{EDITION}?part=source"):
        page.goto(page.url.partition(ISSUE)[0] + path)
        assert page.evaluate("window.broken") is None
    assert not [url for url in asked if url.endswith("/x") or url.startswith("javascript:")]


def test_even_a_theme_with_a_script_runs_nothing(open_page: Open, workspace: Path) -> None:
    shipped = (Path(__file__).parents[3] / "templates/digest/issue.mjml").read_text("utf-8")
    theme = workspace / "templates/digest"
    theme.mkdir(parents=True)
    script = "<mj-body><mj-raw><script>parent.broken = document.broken = 1</script></mj-raw>"
    body = shipped.index("<mj-body")
    end = shipped.index(">", body) + 1
    (theme / "issue.mjml").write_text(
        shipped[:end] + script.removeprefix("<mj-body>") + shipped[end:], encoding="utf-8"
    )
    page = open_page(EDITION)
    page.frame_locator("iframe").locator("h1").wait_for()
    assert page.locator("iframe").evaluate("f => f.contentDocument.scripts.length") == 1
    assert page.evaluate("[window.broken, document.querySelector('iframe').contentDocument.broken]") == [
        None,
        None,
    ]


def test_every_field_has_a_label_and_every_region_a_name(open_page: Open) -> None:
    page = open_page(EDITION)
    assert page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden])')].every(i => i.labels.length)"
    )
    named = """[...document.querySelectorAll('section, nav, iframe, [role=region]')].every(
        e => e.title || e.ariaLabel || document.getElementById(e.getAttribute('aria-labelledby')))"""
    assert page.evaluate(named)
    assert page.evaluate("document.querySelectorAll('h1').length") == 1


def test_it_works_without_scripts(open_page: Open, workspace: Path) -> None:
    page = open_page(EDITION, java_script_enabled=False)
    expect(page.get_by_text("Reload the page to see changes")).to_be_visible()
    page.get_by_role("link", name="Next edition").click()
    expect(page.locator("h1")).to_have_text("Edition 2 of 3")
    page.get_by_label("Освіта").check()
    page.get_by_role("group").filter(has_text="Освіта").locator("+ button").click()
    expect(page.locator("pre")).to_contain_text("Нові майстерні")
    edit(workspace, "items/03-schools.md", "Нові майстерні", "Новітні майстерні")
    page.reload()
    expect(page.locator("pre")).to_contain_text("Новітні майстерні")
