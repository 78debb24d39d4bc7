"""Every page of both applications in Chromium: what axe finds, small phones, large targets, both schemes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from newsletter.audience import handover, moving, stepup
from newsletter.audience.forms import Answers
from newsletter.audience.optin import sign_up, wording
from newsletter.links import Purpose
from newsletter.model import ClosingCall
from newsletter.registry import PROVIDERS
from newsletter.sending.freeze import Approval, freeze
from newsletter.services import Workspace, open_workspace
from newsletter.store import issues, people
from newsletter.store.choices import by_choosing, by_pausing
from newsletter.store.db import writing
from newsletter.web.preview.app import create_preview
from newsletter.web.preview.proofs import Proofs
from newsletter.web.preview.reload import Watch
from newsletter.web.readers.app import create_site
from newsletter.web.readers.limits import Counts
from tests import press
from tests.pictured import show_picture
from tests.web.preview import sample
from tests.web.readers import people as readers
from tests.web.readers.people import NOW, OPTIONAL, stop, subscribe, token

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
D = press.CLOSING.isoformat()

PUBLIC = {
    "home.home": ["/"],
    "signup.form": ["/signup"],
    "signup.sent": ["/signup/sent"],
    "embed.form": ["/embed"],
    "confirm.ask": ["/confirm/{signup}", "/confirm/{successor}", "/confirm/{moving}", "/confirm/unknown"],
    "archive.issues": ["/issues"],
    "archive.issue": [f"/issues/{D}"],
    "archive.section": ["/sections/social"],
    "archive.search": ["/search?q=житло", "/search?q=їжак"],
    "leaving.ask": ["/unsubscribe/{leaving}"],
    "preferences.show": [
        "/preferences/{reader}",
        "/preferences/{reader}?pause=social",
        "/preferences/{stopped}",
        "/preferences/nonsense",
    ],
    "mailing.form": ["/link"],
    "mailing.copy": ["/preferences/copy?pause=social"],
    "mailing.sent": ["/link/sent"],
    "preferences.my_data.ask": ["/mine/data/{data}"],
    "preferences.my_data.question": ["/mine/erasure/{erasure}"],
    "preferences.my_data.erased": ["/erased"],
    "preferences.moving.move_form": ["/mine/move/{move}"],
    "preferences.moving.succession_form": ["/mine/succession/{succession}"],
}
PREVIEW = {
    "preview.newest": ["/"],
    "preview.issue": [f"/{D}"],
    "preview.edition": [f"/{D}/edition", f"/{D}/edition?part=source", f"/{D}/edition?width=1200"],
    "preview.programs": [f"/{D}/programs"],
    "coverage.page": ["/coverage", "/coverage?region=Сумська"],
}
LETTERS = {"archive.view": "site:/view/{view}", "preview.html": f"preview:/{D}/letter.html"}
LAST = "form[method=post] button"
PRESSED = {
    "signup.send": ("/signup", LAST),
    "confirm.confirm": ("/confirm/{signup}", LAST),
    "leaving.leave": ("/unsubscribe/{leaving}", "form:first-of-type button"),
    "preferences.save": ("/preferences/{reader}", "#choice > button:not(.unseen)"),
    "preferences.mail": ("/preferences/{reader}", "[value=data]"),
    "leaving.pause": ("/unsubscribe/{leaving}", "[action$=pause] button"),
    "leaving.mail_link": ("/unsubscribe/{leaving}", "[action$=link] button"),
    "mailing.ask": ("/link", LAST),
    "preferences.my_data.show": ("/mine/data/{data}", LAST),
    "preferences.my_data.confirm": ("/mine/erasure/{erasure}", LAST),
    "preferences.moving.move": ("/mine/move/{move}", LAST),
    "preferences.moving.hand_over": ("/mine/succession/{succession}", LAST),
}
NO_PAGES = {
    "static",
    *(f"hooks.{provider}" for provider in PROVIDERS),
    "hooks.way",
    "preferences.my_data.save",
    "preferences.my_data.correct",
    "preview.message",
    "preview.copy",
    "preview.exported_picture",
    "preview.changes",
}
NO_PAGES |= {
    "archive.calendar",
    "brand.logo",
    "embed.plain",
    "cards.digest",
    "cards.issue",
    "brand.colours",
    "pictures.picture",
    "preview.picture",
    "brand.icon",
    "status.health",
    "status.metrics",
    "feeds.robots",
    "feeds.sitemap",
}
NO_PAGES |= {f"feeds.{kind}" for kind in ("atom", "json", "section_atom", "section_json")}

LOW = "all => all.filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML)"
TARGETS = (
    ":is(main, .top) :is(a, button:not(.unseen), summary, select):visible,"
    "main label:has([type=checkbox], [type=radio]):visible,"
    "main input:not([type=checkbox], [type=radio], [tabindex='-1']):visible"
)
CUT = """cells => cells.flatMap(cell => {
  const label = getComputedStyle(cell, '::before'), pen = new OffscreenCanvas(1, 1).getContext('2d');
  pen.font = label.font;
  const room = parseFloat(label.width) + 1;
  return cell.dataset.label.split(' ').filter(word => pen.measureText(word).width > room);
})"""
"""The words that do not fit into their label of a cell, which stands before it on a phone."""
Look = Callable[[str], Page]


def write_issue(root: Path) -> None:
    """Put an issue of three items, one with a picture, into a workspace with the sample's settings."""
    items = root / f"issues/{D}/items"
    items.mkdir(parents=True)
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    (root / f"issues/{D}/issue.yaml").write_text(sample.ISSUE, encoding="utf-8")
    for name, (title, section) in sample.ITEMS.items():
        text = f"---\ntitle: {title}\nsection: {section}\n---\n\nЖитло{'о' * 40} і {'гроші' * 20}.\n"
        (items / f"{name}.md").write_text(text, encoding="utf-8")
    show_picture(root, "01-forum")


def fill(context: Workspace) -> dict[str, str]:
    """Send the issue to readers, ask for all that can be asked, and return the tokens of the letters."""
    chosen = by_choosing({}, {"social", "education"}, OPTIONAL)
    paused = by_pausing(chosen, ["education"], "2025-03-01", OPTIONAL)
    number = subscribe(context, choices=paused, language="uk")
    leaving = subscribe(context, "leaves@example.org", language="uk")
    stopped = subscribe(context, "stopped@example.org", language="uk")
    stop(context, "stopped@example.org")
    old = press.issue(press.weeks(2)[1], [press.item("Житло", "#Разом")], call=ClosingCall(text="Разом."))
    press.publish(context.database, old)
    send(context)
    with writing(context.database) as connection:
        person = people.get(connection, number)
        assert person is not None
        words = wording(context.settings, "uk")
        answers = Answers(email="new@example.org", sections=frozenset({"social"}))
        doing = readers.act(context, connection)
        sign_up(doing, answers, words, source="sign-up page", ip=None)
    signup = token(context, readers.request(context), Purpose.CONFIRM)
    with writing(context.database) as connection:
        doing = readers.act(context, connection)
        moved = moving.ask_new(doing, person, "other@example.org", "uk")
        asked = {"email": "next@example.org", "name": "Ірина", "source": "preferences"}
        handover.ask_successor(doing, person, post=readers.POST, words=words, **asked)
    handed = readers.request(context)
    return {
        "reader": token(context, number),
        "stopped": token(context, stopped),
        "leaving": token(context, leaving, Purpose.UNSUBSCRIBE),
        "view": token(context, number, Purpose.VIEW),
        "signup": signup,
        "moving": token(context, moved, Purpose.CONFIRM),
        "successor": token(context, handed, Purpose.CONFIRM),
        **{kind.value: readers.mailed(context, number, kind) for kind in stepup.PURPOSES},
    }


def send(context: Workspace) -> None:
    """Approve the issue as it is rendered, and begin to send it."""
    proof = context.proof(press.CLOSING)
    approval = Approval(by="Олена", at=NOW, sources={}, errors=0)
    shared = context.settings.envelope(proof.issue.name)
    freeze(context.database, proof.editions, proof.pages, shared, approval)
    with writing(context.database) as connection:
        issues.begin(connection, proof.issue.name, "outbox", NOW + timedelta(hours=4))


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application on a free port, and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def whole_site(root: Path) -> Iterator[tuple[Flask, Flask, dict[str, str]]]:
    """Give the site and the preview of a new workspace in folder `root`, and the tokens of its letters."""
    write_issue(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSLETTER_NOW", NOW.isoformat())
        context = open_workspace(root)
        tokens = fill(context)
        proofs = Proofs(context)
        with Watch(proofs.folders) as watch:
            yield create_site(context), create_preview(proofs, watch), tokens
        context.database.dispose()


@pytest.fixture(scope="module")
def applications(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Flask, dict[str, str]]]:
    """Return the site and the preview of one workspace, and the tokens of its letters."""
    with whole_site(tmp_path_factory.mktemp("workspace")) as found:
        yield found


@pytest.fixture(scope="module")
def look(browser: Browser, applications: tuple[Flask, Flask, dict[str, str]]) -> Iterator[Look]:
    """Open pages on a small phone: `site:/…` or `preview:/…`."""
    site, preview, tokens = applications
    with ExitStack() as stack:
        addresses = {"site": stack.enter_context(serving(site))}
        addresses["preview"] = stack.enter_context(serving(preview))
        size = {"width": 320, "height": 640}
        context = browser.new_context(viewport=size, locale="uk", bypass_csp=True)  # type: ignore[arg-type]  # has both
        stack.callback(context.close)
        page = context.new_page()

        def look(path: str) -> Page:
            site.extensions["counts"] = Counts()
            page.emulate_media(color_scheme="light")
            application, _, rest = path.partition(":")
            page.goto(addresses[application] + rest.format(**tokens))
            return page

        yield look


def paths(kind: str, pages: dict[str, list[str]]) -> list[str]:
    return [f"{kind}:{path}" for each in pages.values() for path in each]


def judge(page: Page) -> None:
    """Hold a page to be usable by everybody, also on a small phone and in the dark."""
    hold(page)
    assert page.locator(TARGETS).evaluate_all(LOW) == []
    assert page.locator(".wide td[data-label]:visible").evaluate_all(CUT) == []


def hold(page: Page, **options: object) -> None:
    """Let axe find nothing in either scheme, and nothing be wider than the phone."""
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for scheme, told in (("light", options), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # its own names
        found = Axe().run(page, options=told)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"


def test_no_page_is_forgotten(applications: tuple[Flask, Flask, dict[str, str]]) -> None:
    site, preview, _ = applications
    every = {rule.endpoint for app in (site, preview) for rule in app.url_map.iter_rules()}
    assert every == PUBLIC.keys() | PREVIEW.keys() | LETTERS.keys() | PRESSED.keys() | NO_PAGES


@pytest.mark.parametrize("path", [*paths("site", PUBLIC), "site:/nowhere", *paths("preview", PREVIEW)])
def test_a_page_is_usable_by_everybody(look: Look, path: str) -> None:
    judge(look(path))


@pytest.mark.parametrize("path", ["/", "/signup", f"/issues/{D}", "/search?q=житло", "/preferences/{reader}"])
def test_a_page_is_usable_in_another_language_than_the_issue_s(look: Look, path: str) -> None:
    judge(look(f"site:{path}{'&' if '?' in path else '?'}lang=en"))


@pytest.mark.parametrize("path", LETTERS.values(), ids=LETTERS)
def test_a_letter_in_the_browser_is_usable_by_everybody(look: Look, path: str) -> None:
    """Its links are those of running text, and a mail program's own page has the landmarks."""
    off = {"enabled": False}
    hold(look(path), rules={"landmark-one-main": off, "region": off})


@pytest.mark.parametrize(("path", "button"), PRESSED.values(), ids=PRESSED)
def test_what_a_button_brings_is_usable_by_everybody(look: Look, path: str, button: str) -> None:
    page = look(f"site:{path}")
    with page.expect_navigation():
        page.locator(f"main {button}").last.click()
    judge(page)
