"""Every page of the desk in Chromium: what axe finds, small phones, large targets, both schemes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from newsletter.services import open_workspace, webhooks
from newsletter.services.journal import Act, Actor, record
from newsletter.web.desk.app import create_desk
from tests.databases import new_database
from tests.web.desk import house
from tests.web.desk.newsroom import PEOPLE, newest_link, staff
from tests.web.readers.people import NOW, subscribe
from tests.web.test_accessibility import D, judge, serving, write_issue

pytestmark = pytest.mark.browser

TOKEN = "0123456789abcdef" * 2
"""Where an uploaded list is kept."""
DRAFT, GOING = "2025-02-14", "2025-02-07"
"""An issue that waits for approval, and one that is being sent."""
PAGES = {
    "desk.issues": ["/desk/issues", "/desk/issues?lang=en", "/desk/nowhere"],
    "jobs.show": ["/desk/jobs", "/desk/jobs?lang=en"],
    "journal.show": ["/desk/journal", "/desk/journal?did=approved"],
    "check.show": [f"/desk/{DRAFT}/check"],
    "accessibility.show": [f"/desk/{DRAFT}/accessibility?lang=en"],
    "send.show": [f"/desk/{DRAFT}/send", f"/desk/{GOING}/send", "/desk/2025-03-07/send"],
    "send.confirm_cancel": [f"/desk/{GOING}/cancel"],
    "recipients.show": [f"/desk/{GOING}/recipients"],
    "correct.show": [f"/desk/{DRAFT}/correct", f"/desk/{GOING}/correct"],
    "correct.one": [f"/desk/{GOING}/correct/02-flats", f"/desk/{GOING}/correct/03-schools?lang=en"],
    "readers.show": ["/desk/readers", "/desk/readers?words=nobody"],
    "readers.story": ["/desk/readers/500"],
    "readers.new": ["/desk/readers/new"],
    "readers.confirm_erase": ["/desk/readers/500/erase"],
    "readers.segments": ["/desk/readers/segments"],
    "imports.show": ["/desk/readers/import"],
    "imports.match": [f"/desk/readers/import/{TOKEN}/list.csv"],
    "imports.progress": ["/desk/readers/import/jobs/1"],
    "reports.show": ["/desk/reports"],
    "reports.issue": [f"/desk/reports/{GOING}"],
    "reports.proof": [f"/desk/reports/{GOING}/proof"],
    "recipients.unknown": [f"/desk/{GOING}/unknown"],
    "sessions.show": ["/desk/sessions"],
    "settings.show": ["/desk/settings"],
    "webhooks.show": ["/desk/webhooks"],
    "settings.sections": ["/desk/settings/sections"],
    "settings.brand": ["/desk/settings/brand?colour=%2314532d"],
    "settings.file": ["/desk/settings/file"],
    "doctor.show": ["/desk/doctor"],
    "sign_in.form": ["out:/desk/sign-in"],
    "sign_in.sent": ["out:/desk/sign-in/sent"],
    "sign_in.link": ["out:/desk/sign-in/unknown"],
    "board.show": [f"/desk/{D}", f"/desk/{D}?move=01-forum&undo=x&part=text&lang=en"],
    "item.show": [f"/desk/{D}/items/01-forum", f"/desk/{D}/items/broken"],
    "item.new": [f"/desk/{D}/new?section=social&lang=en"],
    "editions.show": [f"/desk/{D}/editions", f"/desk/{D}/editions?sections=&sections=social&lang=en"],
    "inbox.show": ["/desk/inbox"],
    "inbox.edit": ["/desk/inbox/bus/edit"],
    "inbox.paste": ["/desk/inbox/paste"],
}
"""The addresses of each endpoint, in each state of its page; `out:` for nobody, else for an operator."""
REFUSED = {"/desk/nowhere", "out:/desk/sign-in/unknown"}
"""The addresses whose page says why there is nothing else."""
NO_PAGES = {
    "accessibility.file",
    "approved.picture",
    "approved.show",
    "board.stamp",
    "brand.colours",
    "brand.icon",
    "brand.logo",
    "desk.home",
    "editions.copy",
    "editions.picture",
    "item.picture",
    "jobs.download",
    "journal.as_csv",
    "offered.picture",
    "oidc.finish",
    "oidc.start",
    "reports.issue_csv",
    "reports.over_time_csv",
    "send.progress",
    "settings.brand_picture",
    "settings.logo",
    "static",
    "view.html",
    "view.message",
    "view.picture",
}
"""Endpoints that answer GET without a page of their own: files, data, and those that lead elsewhere."""

Look = Callable[[str], Page]


@contextmanager
def whole_desk(root: Path) -> Iterator[Flask]:
    """Give the desk of a new workspace in the folder `root`, in which every page has something to show."""
    write_issue(root)
    settings = root / "newsletter.yaml"
    text = settings.read_text(encoding="utf-8").replace("https://news.example.org", "http://localhost")
    hooks = ", ".join(
        f"{{name: {name}, url: https://{name}.example.org/digest, events: [issue.sent]}}"
        for name in ("site", "crm")
    )
    settings.write_text(f"{text}\nwebhooks: [{hooks}]\n", encoding="utf-8")
    staff(root)
    (root / f"issues/{D}/items/broken.md").write_text("---\ntitle: [\n---\n", "utf-8")
    (root / "inbox").mkdir()
    (root / "inbox/bus.md").write_text(
        "---\ntitle: Автобуси\nsource: mon.gov.ua\n---\n\nПояснили.\n", "utf-8"
    )
    new_database(root / "var/newsletter.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSLETTER_NOW", NOW.isoformat())
        context = open_workspace(root)
        subscribe(context)
        house.ask_for_import(context, TOKEN)
        house.begin(context, date.fromisoformat(GOING), like=DRAFT)
        edited = root / f"issues/{GOING}/items/02-flats.md"
        edited.write_text(f"{edited.read_text('utf-8')}\nЇх приймають до 1 березня.\n", "utf-8")
        by = Actor(address=PEOPLE["approver"], name="Ігор", network="127.0.0.0/24")
        webhooks.pause(context, "crm", by.name)
        record(context, by, Act.APPROVED, issue=GOING, fingerprint="0" * 64, readers=13)
        app = create_desk(context, single=None)
        app.extensions["link"] = lambda: newest_link(context)
        yield app
        context.database.dispose()


def come_in(page: Page, address: str, desk: Flask) -> None:
    """Ask for a letter as an operator, and open its link, behind which the button to sign in is."""
    page.goto(f"{address}/desk/sign-in")
    page.fill("[name=email]", PEOPLE["operator"])
    page.click("main button")
    page.goto(address + desk.extensions["link"]())


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return the desk of a workspace with an issue and a reader, behind sign-in."""
    with whole_desk(tmp_path_factory.mktemp("workspace")) as app:
        yield app


@pytest.fixture(scope="module")
def look(browser: Browser, desk: Flask) -> Iterator[Look]:
    """Open pages of the desk on a small phone."""
    with ExitStack() as stack:
        address = stack.enter_context(serving(desk))
        pages = {}
        for who in ("", "out"):
            size = {"width": 320, "height": 640}
            context = browser.new_context(viewport=size, locale="uk", bypass_csp=True)  # type: ignore[arg-type]  # has both
            stack.callback(context.close)
            pages[who] = context.new_page()
        page = pages[""]
        come_in(page, address, desk)
        judge(page)
        page.click("main button")

        def look(path: str) -> Page:
            who, _, rest = path.rpartition(":")
            page = pages[who]
            page.emulate_media(color_scheme="light")
            answer = page.goto(address + rest)
            assert answer
            assert answer.ok or path in REFUSED, answer.text()
            return page

        yield look


def test_no_page_of_the_desk_is_forgotten(desk: Flask) -> None:
    answering = {rule.endpoint for rule in desk.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert answering == PAGES.keys() | NO_PAGES


@pytest.mark.parametrize("path", [path for paths in PAGES.values() for path in paths])
def test_a_page_of_the_desk_is_usable_by_everybody(look: Look, path: str) -> None:
    judge(look(path))
