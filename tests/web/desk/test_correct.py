"""Correcting a sent issue at the desk, as browsers without scripts do it."""

import asyncio
import re
from datetime import date

import pytest
from flask.testing import FlaskClient

from newsletter.names import CorrectionName
from newsletter.services import Workspace, delivery
from newsletter.services.approval import approve
from newsletter.services.status import summary
from newsletter.store import journal
from newsletter.store.db import reading
from newsletter.store.journal import Wanted
from tests.sending import house
from tests.web.desk.visit import send

CLOSING = date(2025, 2, 14)
NAME, LETTER = str(CLOSING), CorrectionName(CLOSING, 1)
LIST = f"/desk/{NAME}/correct"


@pytest.fixture
def item(context: Workspace) -> str:
    """Send the issue to two readers, and edit an item; return its name."""
    house.people(context.database, 2)
    approve(context, CLOSING, "Олена")
    deliver(context)
    path = min((context.root / f"issues/{NAME}/items").glob("*.md"))
    path.write_text(f"{path.read_text(encoding='utf-8')}\nСума — 1 000 грн.\n", encoding="utf-8")
    return path.stem


def deliver(context: Workspace, *, letter: bool = False) -> None:
    name = LETTER if letter else CLOSING
    ready = delivery.prepare(context, delivery.approved(context, name), "outbox")
    with delivery.delivering(context, delivery.start(context, ready)) as run:
        asyncio.run(run.deliver())


def test_what_was_not_sent_has_nothing_to_correct(client: FlaskClient) -> None:
    assert "There is nothing to correct yet." in client.get(f"{LIST}?lang=en").text


def test_an_item_is_corrected_told_of_and_followed(
    client: FlaskClient, context: Workspace, item: str
) -> None:
    assert "Edited since" in client.get(f"{LIST}?lang=en").text
    page = f"{LIST}/{item}"
    assert "<ins>" in client.get(page).text
    given = {"reason": "Сума була інша.", "letter": "yes", "do": "correct"}
    send(client, page, given)
    shown = client.get(page).text
    assert "Letter 2025-02-14+1" in shown
    assert "Сума була інша." in shown
    assert summary(context, LETTER.isoformat())["readers"] == 2
    send(client, f"{page}/start")
    assert "Undo the start" in client.get(page).text
    send(client, f"{page}/move", {"do": "undo"})
    assert summary(context, LETTER.isoformat())["state"] == "approved"
    deliver(context, letter=True)
    assert "Sent" in client.get(page).text
    assert "Corrected" in client.get(LIST).text
    with reading(context.database) as connection:
        done = [entry.did for entry in journal.entries(connection, Wanted(), before=None, limit=9)]
    assert {"corrected", "approved", "started"} <= set(done)


def test_an_item_is_taken_back_and_a_reason_is_demanded(client: FlaskClient, item: str) -> None:
    page = f"{LIST}/{item}"
    assert send(client, page, {"reason": " ", "do": "withdraw"}).status_code == 422
    send(client, page, {"reason": "Це не так.", "do": "withdraw"})
    assert "Withdrawn" in client.get(f"{page}?lang=en").text
    send(client, f"{page}/letter")
    assert "Letter 2025-02-14+1" in client.get(page).text
    assert client.get(f"{LIST}/nobody").status_code == 404


def test_a_sent_item_is_edited_at_the_desk_for_a_correction_alone(
    client: FlaskClient, context: Workspace, item: str
) -> None:
    page = f"/desk/{NAME}/items/{item}"
    shown = client.get(f"{page}?lang=en").text
    assert "Correct this item" in shown
    sha = re.search(r'name="sha" value="(\w+)"', shown)
    assert sha
    fields = {"sha": sha[1], "title": "Нова назва", "sections": "top", "kind": "news", "text": "Новий текст."}
    assert send(client, page, fields).status_code == 422
    done = send(client, f"{page}?correct=1", fields)
    assert (done.status_code, done.headers["Location"]) == (303, f"{LIST}/{item}")
    assert "<ins>Нова</ins>" in client.get(f"{LIST}/{item}").text
    assert "Нова назва" in (context.root / f"issues/{NAME}/items/{item}.md").read_text("utf-8")
