"""Approving and sending at the desk, as browsers without scripts do it."""

import re
from datetime import date

import pytest
from flask.testing import FlaskClient

from newsletter.config.parts import Editor
from newsletter.config.types import Role
from newsletter.model import IssueState, Outcome, Receipt
from newsletter.services import Workspace
from newsletter.services.approval import standing
from newsletter.store import ledger
from newsletter.store.db import writing
from newsletter.store.ledger import Result
from newsletter.web.desk.app import create_desk
from tests.sending import house
from tests.web.desk.visit import send

CLOSING = date(2025, 2, 14)
PAGE = f"/desk/{CLOSING}/send?lang=en"


@pytest.fixture
def context(context: Workspace) -> Workspace:
    """Add three readers."""
    house.people(context.database, 3)
    return context


def approved(client: FlaskClient) -> str:
    """Approve the issue, and return its fingerprint as the page has it."""
    send(client, f"/desk/{CLOSING}/approve")
    found = re.search(r'name="fingerprint" value="(\w{64})"', client.get(PAGE).text)
    assert found
    return found[1]


def state(context: Workspace) -> str:
    return standing(context, CLOSING).state


def test_an_issue_without_items_has_nothing_to_send(client: FlaskClient) -> None:
    assert "There is nothing to send yet." in client.get("/desk/2025-03-07/send?lang=en").text


def test_an_issue_is_approved_started_and_undone(client: FlaskClient, context: Workspace) -> None:
    page = client.get(PAGE).text
    assert "Approve exactly this" in page
    assert "All sections" in page
    mark = approved(client)
    assert state(context) == IssueState.APPROVED
    assert mark in client.get(PAGE).text
    stale = {"fingerprint": "0" * 64, "when": "now"}
    send(client, f"/desk/{CLOSING}/start", stale)
    assert state(context) == IssueState.APPROVED
    send(client, f"/desk/{CLOSING}/start", {"fingerprint": mark, "when": "later"})
    page = client.get(PAGE).text
    assert "Undo the start" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    send(client, f"/desk/{CLOSING}/undo")
    assert "Undone: nothing was sent" in client.get(PAGE).text
    assert state(context) == IssueState.APPROVED
    assert "undid the start</td>" in client.get("/desk/journal?did=start+undone&lang=en").text


def test_an_approved_edition_is_opened_as_it_was_whatever_becomes_of_the_files(
    client: FlaskClient, context: Workspace
) -> None:
    approved(client)
    address = re.search(rf'"(/desk/{CLOSING}/approved/\w+)"', client.get(PAGE).text)
    assert address
    for file in (context.root / f"issues/{CLOSING}/items").glob("*.md"):
        file.write_text(file.read_text("utf-8").replace("title: ", "title: Інша "), "utf-8")
    letter = client.get(address[1])
    assert "Форум громад" in letter.text
    assert "Інша" not in letter.text
    picture = re.search(r'src="(/desk/[^"]+/approved/[^"]+)"', letter.text)
    assert picture
    assert str(client.get(picture[1]).mimetype).startswith("image/")
    assert client.get(f"/desk/{CLOSING}/approved/another").status_code == 404


def test_a_theme_that_fails_is_told_with_its_file_and_line(client: FlaskClient, context: Workspace) -> None:
    theme = context.root / "templates/digest/blocks"
    theme.mkdir(parents=True)
    (theme / "news.mjml").write_text("\n{{ nothing.here }}\n", "utf-8")
    assert "templates/digest/blocks/news.mjml:2</code>" in client.get(PAGE).text


def test_a_sending_is_followed_paused_continued_and_cancelled(
    client: FlaskClient, context: Workspace
) -> None:
    send(client, f"/desk/{CLOSING}/start", {"fingerprint": approved(client), "when": "now"})
    with writing(context.database) as connection:
        lost = Receipt(outcome=Outcome.UNKNOWN)
        refused = Receipt(outcome=Outcome.REFUSED, code=550, detail="<b>no such user</b>")
        ledger.record(connection, str(CLOSING), [Result(1, 1, lost), Result(2, 1, refused)], context.now())
    first = client.get(f"/desk/{CLOSING}/progress?lang=en")
    assert "Unknown: the answer was lost" in first.text
    same = client.get(f"/desk/{CLOSING}/progress", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    send(client, f"/desk/{CLOSING}/pause")
    assert "Paused: paused by hand" in client.get(PAGE).text
    send(client, f"/desk/{CLOSING}/resume")
    assert state(context) == IssueState.SENDING
    who = client.get(f"/desk/{CLOSING}/recipients?state=refused").text
    assert "&lt;b&gt;no such user&lt;/b&gt;" in who
    assert house.address(2) in who
    assert house.address(3) not in who
    settled = {"address": house.address(1), "what": "accepted"}
    assert house.address(1) in client.get(f"/desk/{CLOSING}/unknown").text
    send(client, f"/desk/{CLOSING}/unknown", settled)
    assert "Nothing is unknown." in client.get(f"/desk/{CLOSING}/unknown?lang=en").text
    assert "1 reader has not got it" in client.get(f"/desk/{CLOSING}/cancel?lang=en").text
    send(client, f"/desk/{CLOSING}/cancel")
    assert state(context) == IssueState.CANCELLED
    assert "Cancelled: cancelled by hand" in client.get(PAGE).text


def test_what_changed_since_the_approval_is_shown_word_by_word(
    client: FlaskClient, context: Workspace
) -> None:
    approved(client)
    item = next((context.root / f"issues/{CLOSING}/items").glob("*.md"))
    item.write_text(item.read_text("utf-8") + "\nЗовсім <i>нове</i> речення.\n", encoding="utf-8")
    page = client.get(PAGE).text
    assert "Changed since the approval" in page
    assert re.search(r"<ins>[^<]*нове&lt;/i&gt; речення", page)


def test_an_editor_sees_everything_and_may_start_nothing(context: Workspace) -> None:
    someone = Editor(name="Олена", address="olena@example.org", role=Role.EDITOR)
    client = create_desk(context, single=someone).test_client()
    page = client.get(PAGE).text
    assert "An approver can approve it." in page
    assert "Approve exactly this" not in page
    for action in ("approve", "start", "undo", "pause", "resume", "cancel", "unknown"):
        assert send(client, f"/desk/{CLOSING}/{action}").status_code == 403
    assert client.get(f"/desk/{CLOSING}/recipients").status_code == 403
    assert state(context) == "missing"


def test_a_test_message_goes_to_oneself_and_to_editors_only(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    (own,) = re.findall(r'<select id="test-to"[^>]*>\s*<option>([^<]+)</option>', page)
    send(client, f"/desk/{CLOSING}/test", {"to": own})
    assert f"The test message to {own} was accepted." in client.get(PAGE).text
    refused = send(client, f"/desk/{CLOSING}/test", {"to": house.address(1)})
    assert refused.status_code == 422
