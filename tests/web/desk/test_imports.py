"""A list of 5,000 lines with foreign headings, imported by the wizard in a browser without scripts."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from playwright.sync_api import Browser, Page

from newsletter.services import Workspace
from newsletter.services.editors import whoever_is_here
from newsletter.services.jobs.runner import Runner
from newsletter.services.readers import Search, search
from newsletter.web.desk.app import create_desk
from tests.web.test_accessibility import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, context: Workspace) -> Iterator[Page]:
    """Open the wizard in a browser that runs no scripts."""
    with serving(create_desk(context, single=whoever_is_here(context))) as address:
        tab = browser.new_context(java_script_enabled=False, locale="en").new_page()
        tab.goto(f"{address}/desk/readers/import?lang=en")
        yield tab
        tab.context.close()


@pytest.fixture
def worker(context: Workspace) -> Iterator[None]:
    """Run the jobs that are asked for."""
    stopped = Event()
    thread = Thread(target=Runner(context, "test").work, args=(stopped,))
    thread.start()
    yield
    stopped.set()
    thread.join()


def write_list(folder: Path) -> Path:
    """Write a list whose headings mean nothing here, with titles of sections and states of its own."""
    lines = ["Kontakt;Wer;Themen;Zustand;Telefon"]
    lines += [
        f"head{number}@city.example.org;Голова {number};Соціальний захист, education;"
        f"{'raus' if number % 100 == 0 else 'dabei'};044-{number}"
        for number in range(5000)
    ]
    lines.append("not an address;Ніхто;social;dabei;0")
    path = folder / "Liste der Städte.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.usefixtures("worker")
def test_a_list_with_foreign_headings_is_matched_tried_and_imported(
    page: Page, context: Workspace, tmp_path: Path
) -> None:
    page.set_input_files("#list", write_list(tmp_path))
    page.click("text=On to its columns")
    assert "head0@city.example.org" in page.inner_text("table")
    chosen = page.locator("select[name=column-0]")
    assert chosen.input_value() == "email", "addresses are recognised by what they are"
    page.select_option("select[name=column-1]", "name")
    page.select_option("select[name=column-2]", "sections")
    page.select_option("select[name=column-3]", "mail_status")
    page.click("text=See what would happen")
    assert "whose meaning is not known" in page.inner_text("[role=alert] >> nth=0")
    page.select_option("select[aria-labelledby=state-0]", "left")
    page.select_option("select[aria-labelledby=state-1]", "active")
    page.click("text=See what would happen")
    account = page.inner_text("#account")
    assert "new: 4,950" in account
    assert "has left: 50" in account
    assert "exchange" not in account, "it is not said where the list is kept"
    assert "refused: 1" in account
    assert search(context, Search()).number == 0, "nothing has happened yet"
    page.click("text=Import it")
    assert "consent" in page.inner_text("[role=alert]")
    page.click("text=See what would happen")
    page.fill("#consent", "Форум міст, 12 березня")
    page.click("text=Import it")
    page.wait_for_selector("text=The list is imported", timeout=60_000)
    assert search(context, Search(section="social")).number == 4950
    assert search(context, Search(section="staff")).number == 0
    assert search(context, Search()).number == 4950
    assert not list((context.var / "exchange").glob("*/*.csv")), "the list is deleted"
