"""An approver approves and starts an issue in a browser; it leaves, and the report agrees with the outbox."""

import asyncio
from datetime import date
from threading import Thread

import pytest
from playwright.sync_api import Browser

from newsletter.services import Workspace, delivery
from newsletter.services.editors import whoever_is_here
from newsletter.web.desk.app import create_desk
from tests.sending.house import people
from tests.web.test_accessibility import serving

pytestmark = pytest.mark.browser

CLOSING = date(2025, 2, 14)


def deliver(workspace: Workspace) -> None:
    """Deliver what was started, as a worker does."""
    with delivery.delivering(workspace, delivery.approved(workspace, CLOSING)) as run:
        asyncio.run(run.deliver())


def test_an_issue_is_approved_leaves_and_is_reported_as_the_outbox_has_it(
    browser: Browser, context: Workspace
) -> None:
    people(context.database, 40)
    desk = create_desk(context, single=whoever_is_here(context))
    with serving(desk) as address:
        page = browser.new_context(locale="en").new_page()
        page.goto(f"{address}/desk/{CLOSING}/send?lang=en")
        page.click("text=Approve exactly this")
        page.click("text=Send now…")
        page.click("text=Yes, send now")
        page.wait_for_selector("text=Not sent yet")
        worker = Thread(target=deliver, args=(context,))
        worker.start()
        page.wait_for_selector("text=All has been sent.", timeout=60_000)
        worker.join()
        page.goto(f"{address}/desk/reports/{CLOSING}?lang=en")
        sent = len(list((context.var / "outbox").glob("*.eml")))
        assert sent == 40
        assert page.inner_text(".big").startswith(f"{sent} of {sent}")
        page.context.close()
