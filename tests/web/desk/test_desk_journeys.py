"""A whole week at the desk, a correction after it, and a theme that breaks: in Chromium."""

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import TypeVar

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from newsletter.model import IssueState
from newsletter.services import Workspace, delivery, open_workspace
from newsletter.services.approval import approve
from newsletter.services.editors import whoever_is_here
from newsletter.store import issues, schedule_runs
from newsletter.store.db import reading
from newsletter.web.desk.app import PREFIX, create_desk
from newsletter.web.readers.app import beside, create_site
from tests.drawn import PICTURES
from tests.faults.scene import DEADLINE, FAKETIME, Scene, wait
from tests.press import CLOSING
from tests.sample import ROOT
from tests.sending.house import address, people
from tests.web.desk.newsroom import PEOPLE, SITE, letters, link, staff
from tests.web.preview.sample import ITEMS
from tests.web.test_accessibility import serving

pytestmark = pytest.mark.browser

HOUR = datetime(2025, 2, 14, 14, tzinfo=UTC)
"""Friday, 16:00 in Kyiv."""
HERE = "http://localhost"
"""The address of the site: without a certificate, so the cookie of a session is not for https alone."""
SCHOOLS = "03-schools"
FIRST = "01-pro-partnerstvo-na-ukrainskomu-tyzhni-v"
"""The first item of the real digest."""
LEAD = "Партнерство у Вашингтоні"
PATIENCE = 30_000  # milliseconds: a picture is made small in a process of its own
Open = Callable[[Flask, str], Page]
T = TypeVar("T")
Clock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the program's clock; it shows the morning of the closing day at first."""

    def show(moment: datetime) -> None:
        monkeypatch.setenv("NEWSLETTER_NOW", moment.isoformat())

    show(HOUR - timedelta(hours=4))
    return show


@pytest.fixture
def context(context: Workspace, clock: Clock) -> Iterator[Workspace]:
    """Put people at the desk, and add readers: two of everything, two of social news, one of education."""
    del clock  # it is only to be set
    settings = context.root / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8").replace(SITE, HERE), "utf-8")
    staff(context.root)
    found = open_workspace(context.root)
    people(found.database, 2)
    people(found.database, 2, sections=["social"], first=3)
    people(found.database, 1, sections=["education"], first=5)
    yield found
    found.database.dispose()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Serve an application and open a page of it, in English; the page's timers run when the test says so."""
    with ExitStack() as stack:

        def open_page(app: Flask, path: str) -> Page:
            base = stack.enter_context(serving(app))
            window = browser.new_context(locale="en", base_url=base)
            stack.callback(window.close)
            page = window.new_page()
            page.clock.install()
            page.goto(path)
            return page

        yield open_page


def beside_the_browser(call: Callable[[Workspace], T], context: Workspace) -> T:
    """Return what `call` returns in another thread, as Playwright's event loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call, context).result()


def send(context: Workspace) -> None:
    """Approve the issue and deliver it."""
    approve(context, CLOSING, "Ihor")
    delivery.start(context, delivery.prepare(context, delivery.approved(context, CLOSING), "outbox"))
    work(context)


def work(context: Workspace) -> None:
    """Deliver what is due, as a worker does."""
    for frozen in delivery.due(context):
        with delivery.delivering(context, frozen) as run:
            asyncio.run(run.deliver())


def outbox(context: Workspace, name: str) -> dict[str, str]:
    """Return the text of each message of an issue or letter, by its reader's address."""
    found = {}
    for file in (context.var / "outbox").glob(f"{name}-*.eml"):
        message = message_from_bytes(file.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        assert body
        found[message["To"].addresses[0].addr_spec] = body.get_content()
    return found


def has_a_schedule(context: Workspace) -> bool:
    """Tell whether somebody has begun to look at the weekly hour."""
    with reading(context.database) as connection:
        return schedule_runs.last(connection, HOUR) is not None


def state(context: Workspace) -> IssueState:
    """Return how the issue stands."""
    with reading(context.database) as connection:
        return issues.get(connection, str(CLOSING)).state


def sign_in(page: Page, context: Workspace, role: str) -> None:
    """Sign in with a letter, and come back to the page that was asked for."""
    page.get_by_label("Your e-mail address").fill(PEOPLE[role])
    page.get_by_role("button", name="Get a link").click()
    expect(page).to_have_url(re.compile("/sent$"))
    page.goto(link(beside_the_browser(letters, context)[-1], HERE))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".person")).to_be_attached()


def make_the_week(page: Page) -> None:
    """Make the issue of the real digest, with a link, a picture and a lead, and mend what a button mends."""
    page.get_by_role("link", name="Paste a digest").first.click()
    page.get_by_label("Text of the digest").fill((ROOT / "issues/2025-02-14/digest.txt").read_text("utf-8"))
    page.get_by_role("button", name="Show what becomes of it").click()
    expect(page.locator("tr.title")).to_have_count(13)
    page.get_by_role("button", name="Make these items").click()
    expect(page.locator(".item[data-id]")).to_have_count(13)
    expect(page.locator("html")).to_have_class("scripted")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".section[data-section=top] .item").nth(1)).to_have_attribute("data-id", FIRST)
    page.locator(f"#item-{FIRST}").get_by_role("link", name="no link").click()
    expect(page.locator("#link")).to_be_focused()
    expect(page.locator("#found-link")).to_contain_text("no link")
    page.keyboard.type("https://auc.org.ua/washington?utm_source=digest")
    page.locator("#title").fill(LEAD)
    letter = page.frame_locator("#view iframe")
    expect(letter.get_by_text(LEAD).first).to_be_visible()
    expect(page.locator(".saving")).to_contain_text("Not saved yet")
    page.locator("#upload").set_input_files(PICTURES / "chart.png")
    page.locator("#alt").fill("Учасники тижня у Вашингтоні")
    page.get_by_label("It leads the issue").check()
    page.keyboard.press("Control+s")
    expect(page.locator(".saving")).to_contain_text("Saved", timeout=PATIENCE)
    expect(letter.get_by_alt_text("Учасники тижня у Вашингтоні")).to_be_visible()
    page.locator("#point").press("ArrowLeft")
    expect(page.locator("#shape")).to_have_value("wide")
    page.keyboard.press("Control+s")
    expect(page.locator(".saving")).to_contain_text("Saved", timeout=PATIENCE)
    page.get_by_role("link", name="To the board").click()
    expect(page.locator(f"#item-{FIRST}")).to_contain_text("★")
    expect(page.locator(f"#item-{FIRST}")).to_contain_text("with a picture")
    page.get_by_role("link", name="Check and approve").click()
    expect(page.locator(".changes input[name=file]").nth(1)).to_be_checked()
    page.get_by_role("button", name="Mend what is ticked").click()
    expect(page.get_by_text("Mended:")).to_be_visible()


@pytest.mark.skipif(not FAKETIME, reason="libfaketime is not installed (Debian: faketime)")
def test_a_week_from_the_pasted_digest_to_the_report(open_page: Open, context: Workspace) -> None:
    shutil.rmtree(context.root / "issues")
    desk = create_desk(context, single=None)
    olena = open_page(desk, f"/desk/{CLOSING}?lang=en")
    sign_in(olena, context, "editor")
    make_the_week(olena)
    olena.goto(f"/desk/{CLOSING}/send")
    olena.get_by_role("button", name="Send the test").click()
    expect(olena.get_by_text(f"The test message to {PEOPLE['editor']} was accepted.")).to_be_visible()
    expect(olena.get_by_role("button", name="Approve exactly this")).to_have_count(0)

    page = open_page(desk, f"/desk/{CLOSING}/send?lang=en")
    sign_in(page, context, "approver")
    page.get_by_role("button", name="Approve exactly this").click()
    expect(page.get_by_text("It leaves by itself")).to_be_visible()
    scene = Scene(context.root, f"sqlite:///{context.var}/newsletter.db", 0)
    shows = context.root / "clock"
    shows.write_text("@2025-02-14 13:59:50")
    with scene.sender("worker", clock=f"@{shows}") as worker:
        wait(lambda: beside_the_browser(has_a_schedule, context))
        assert outbox(context, str(CLOSING)).keys() == {PEOPLE["editor"]}, "it is not time yet"
        shows.write_text("@2025-02-14 14:00:01")
        wait(lambda: beside_the_browser(state, context) is IssueState.SENT)
        worker.terminate()
        assert worker.wait(DEADLINE) == 0, scene.said()
    page.clock.run_for(2_000)
    expect(page.get_by_text("All has been sent.")).to_be_visible()
    page.goto(f"/desk/reports/{CLOSING}")
    sent = outbox(context, str(CLOSING))
    assert LEAD in " ".join(sent.pop(PEOPLE["editor"]).split()), "the test letter"
    assert sent.keys() == {address(number) for number in range(1, 6)}
    expect(page.locator(".big")).to_have_text("5 of 5")
    for name, title in (("ТОП", LEAD), ("Освіта", "Майстерня будівельників")):
        had = sum(title in " ".join(text.split()) for text in sent.values())
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
        expect(row.locator("td.figure").nth(1)).to_have_text(str(had))


def test_a_correction_at_the_desk_reaches_exactly_who_had_the_item(
    open_page: Open, context: Workspace, clock: Clock
) -> None:
    beside_the_browser(send, context)
    site = create_site(context)
    beside(site, create_desk(context, single=context.settings.editor(PEOPLE["approver"])), PREFIX)
    page = open_page(site, f"/desk/{CLOSING}/send?lang=en")
    page.get_by_role("link", name="Correct an item").click()
    page.get_by_role("link", name=ITEMS[SCHOOLS][0]).click()
    page.get_by_role("link", name="Edit the item").click()
    page.get_by_label("Text", exact=True).fill("Майстерень сім, а не п’ять.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("ins").first).to_be_visible()
    page.get_by_label("Reason").fill("Майстерень було сім.")
    page.get_by_label("Also make a letter to 3 readers").check()
    page.get_by_role("button", name="Show the correction now").click()
    page.get_by_role("button", name="Send in 10 minutes").click()
    expect(page.get_by_role("button", name="Undo the start")).to_be_visible()
    beside_the_browser(work, context)
    letter = f"{CLOSING}+1"
    assert not outbox(context, letter), "it can still be undone"
    clock(context.now() + delivery.UNDO)
    beside_the_browser(work, context)
    page.reload()
    expect(page.locator("#letter")).to_contain_text("Sent")
    told, sent = outbox(context, letter), outbox(context, str(CLOSING))
    assert told.keys() == {reader for reader, text in sent.items() if ITEMS[SCHOOLS][0] in text}
    assert told.keys() == {address(number) for number in (1, 2, 5)}
    assert all("Майстерень було сім." in text for text in told.values())
    page.goto(f"/issues/{CLOSING}")
    expect(page.get_by_text("Майстерень сім, а не п’ять.")).to_be_visible()
    expect(page.locator(".note")).to_contain_text("Corrected on 14 February 2025: Майстерень було сім.")


def test_a_theme_broken_while_the_board_is_open_takes_the_mail_alone_and_mended_gives_it_back(
    open_page: Open, context: Workspace
) -> None:
    block = context.root / "templates/digest/blocks/news.mjml"
    block.parent.mkdir(parents=True)
    whole = (ROOT / "templates/digest/blocks/news.mjml").read_text("utf-8")
    page = open_page(create_desk(context, single=whoever_is_here(context)), f"/desk/{CLOSING}?lang=en")
    letter = page.frame_locator("#view iframe")
    expect(letter.get_by_text(ITEMS[SCHOOLS][0]).first).to_be_visible()
    page.locator("#preheader").fill("Написане до поломки")
    block.write_text(f"{whole}{{% broken %}}\n", "utf-8")
    at = f"templates/digest/blocks/news.mjml:{len(whole.splitlines()) + 1}"
    expect(page.locator("#view .findings")).to_contain_text(at)
    expect(page.locator("#view iframe")).to_have_count(0)
    expect(page.locator(".item[data-id]")).to_have_count(len(ITEMS))
    expect(page.locator("#preheader")).to_have_value("Написане до поломки")
    page.locator("#words button").click()
    expect(page.locator("#words .saving")).to_contain_text("Saved")
    expect(page.locator("#view .findings")).to_contain_text(at)
    block.write_text(whole, "utf-8")
    expect(letter.get_by_text(ITEMS[SCHOOLS][0]).first).to_be_visible()
    expect(letter.get_by_text("Написане до поломки")).to_be_attached()
    expect(page.locator("#view .findings")).to_have_count(0)
