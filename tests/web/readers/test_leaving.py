"""Leaving: a button for people, one POST for mail programs (RFC 8058), and nothing at all for scanners."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from newsletter.links import Purpose
from newsletter.model import Outcome, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.services import Workspace
from newsletter.store.choices import has_left
from newsletter.store.erasure import erase
from tests.sending import house
from tests.web.readers.people import NOW, dump, letters, person, states, stop, subscribe, token

CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")


def link(context: Workspace, number: int) -> str:
    return f"/unsubscribe/{token(context, number, Purpose.UNSUBSCRIBE)}"


def test_opening_the_link_shows_a_button_and_other_ways_and_changes_nothing(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context)
    before = dump(context)
    for ask in (client.get, client.head):
        assert ask(link(context, number)).status_code == 200
    page = client.get(link(context, number)).text
    assert "/preferences/" not in page
    assert "o***@konotop.example.org" in page
    assert "olena@" not in page
    assert dump(context) == before


@pytest.mark.parametrize(
    "body",
    [
        {"data": CLICK},
        {"data": CLICK, "content_type": "multipart/form-data"},
        {"data": b""},
        {"data": b"List-Unsubscribe=One-Click", "content_type": "text/plain"},
        {"data": b"--nothing of the kind", "content_type": "multipart/form-data; boundary=x"},
        {"data": b"\xff\x00", "content_type": "application/x-www-form-urlencoded"},
    ],
    ids=["urlencoded", "multipart", "button", "plain", "broken", "bytes"],
)
def test_one_post_leaves_everything_and_a_second_changes_nothing(
    client: FlaskClient, context: Workspace, body: dict[str, Any]
) -> None:
    number = subscribe(context)
    response = client.post(link(context, number), **body)
    assert response.status_code == 200
    assert "Location" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert has_left(person(context, number).choices)
    after = dump(context)
    assert client.post(link(context, number), **body).status_code == 200
    assert dump(context) == after


def test_the_link_of_an_old_letter_still_leaves_but_opens_no_page_of_the_reader(
    client: FlaskClient, context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = subscribe(context)
    old, own = link(context, number), f"/preferences/{token(context, number)}"
    monkeypatch.setenv("NEWSLETTER_NOW", "2026-02-15T10:00:00+00:00")
    assert client.get(own).status_code == 200
    monkeypatch.setenv("NEWSLETTER_NOW", "2035-02-14T10:00:00+00:00")
    assert client.get(own).status_code == 404
    assert client.get(old).status_code == 200
    assert client.post(old, data=CLICK).status_code == 200
    assert has_left(person(context, number).choices)


def test_the_link_of_somebody_erased_or_stopped_is_answered_as_any_other(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context)
    stop(context, "olena@konotop.example.org")
    assert client.post(link(context, number), data=CLICK).status_code == 200
    erase(context.database, "olena@konotop.example.org", context.signer, NOW)
    assert client.get(link(context, number)).status_code == 200
    assert client.post(link(context, number), data=CLICK).status_code == 200


def test_instead_of_leaving_one_button_pauses_everything_for_a_month(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context)
    answer = client.post(f"{link(context, number)}/pause")
    assert "again from 16 March 2025" in answer.text
    assert states(person(context, number).choices) == {"*": "paused"}
    client.post(link(context, number))
    client.post(f"{link(context, number)}/pause")
    assert has_left(person(context, number).choices), "a pause brings nobody back"


def test_coming_back_is_asked_of_the_mailbox(client: FlaskClient, context: Workspace) -> None:
    number = subscribe(context)
    page = client.post(link(context, number)).text
    assert f'action="{link(context, number)}/link"' in page
    answers = [client.post(f"{link(context, number)}/link") for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert letters(context) == [("link", "olena@konotop.example.org")]
    assert has_left(person(context, number).choices)


def test_providers_that_click_for_thousands_are_all_answered(client: FlaskClient, context: Workspace) -> None:
    number = subscribe(context)
    codes = {client.post(link(context, number), data=CLICK).status_code for _ in range(700)}
    assert codes == {200}


class Slow:
    """A transport that lets `between` happen after its first message."""

    name = "outbox"
    connections = 1
    repeatable = False

    def __init__(self, between: Callable[[], object]) -> None:
        self.between = between
        self.sent: list[int] = []

    async def check(self) -> None:
        """Nothing to check."""

    async def drain(self, outgoing: Outgoing) -> None:
        """Take the messages one after the other."""
        while message := await outgoing.next():
            if await outgoing.begin([message]) == [Verdict.GO]:
                self.sent.append(message.subscriber)
                outgoing.finish(message, Receipt(outcome=Outcome.ACCEPTED, code=250))
            if len(self.sent) == 1:
                await asyncio.to_thread(self.between)


def test_who_clicks_while_the_issue_leaves_is_not_written_to_any_more(
    client: FlaskClient, context: Workspace
) -> None:
    engine: Engine = context.database
    house.people(engine, 5)
    house.approve(engine)
    transport = Slow(lambda: client.post(link(context, 4), data=CLICK))
    house.send(engine, transport)
    assert transport.sent == [1, 2, 3, 5]
    assert house.outcome(engine, 4) is Outcome.SUPPRESSED
