"""Another address, another holder of a post: what is asked, whom, and what nobody else can tell."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.links import Purpose
from newsletter.model import SubscriberStatus
from newsletter.services import Workspace
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.store.erasure import erase
from newsletter.store.requests import Kind
from tests.web.readers.people import (
    NOW,
    POST,
    dump,
    letters,
    mailed,
    person,
    request,
    states,
    stop,
    subscribe,
    token,
)

OLD, NEW = "olena@konotop.example.org", "new@example.org"
PLACES = [Kind.MOVE, Kind.SUCCESSION]


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")


def ask(client: FlaskClient, link: str, email: str = NEW) -> TestResponse:
    return client.post(link, data={"email": email, "name": "Ірина"})


def own(context: Workspace, number: int, kind: Kind) -> str:
    """Return the link that is mailed to the reader's own mailbox."""
    return f"/mine/{kind}/{mailed(context, number, kind)}"


def confirmation(context: Workspace) -> str:
    return f"/confirm/{token(context, request(context), Purpose.CONFIRM)}?lang=en"


def test_both_mailboxes_press_a_button_and_the_reader_moves(client: FlaskClient, context: Workspace) -> None:
    number = subscribe(context)
    link = own(context, number, Kind.MOVE)
    assert letters(context) == [("move", OLD)]
    assert "We have sent an email to new@example.org" in ask(client, link).text
    assert letters(context) == [("move", OLD), ("address-new", NEW)]
    confirm = confirmation(context)
    before = dump(context)
    assert NEW in client.get(confirm).text
    assert dump(context) == before
    assert person(context, number).email == OLD
    assert "The address has been changed" in client.post(confirm).text
    assert person(context, number).email == NEW
    after = dump(context)
    assert "The address has been changed" in client.post(confirm).text
    assert dump(context) == after


def test_holder_and_successor_press_a_button_and_the_one_reads_in_place_of_the_other(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context)
    link = own(context, number, Kind.SUCCESSION)
    assert "Міський голова" in client.get(link).text
    assert "We have sent an email to new@example.org" in ask(client, link).text
    assert letters(context) == [("succession", OLD), ("handover", NEW)]
    confirm = confirmation(context)
    page = client.get(confirm).text
    assert "I agree that" in page
    assert "Міський голова" in page
    assert OLD not in page
    assert person(context, number).status is SubscriberStatus.ACTIVE
    for _ in range(2):
        assert "The digest now comes to you" in client.post(confirm).text
    with reading(context.database) as connection:
        successor = people.find(connection, NEW)
    assert successor is not None
    assert (successor.name, successor.attributes) == ("Ірина", POST)
    assert states(successor.choices) == {"*": "active"}
    assert "Nothing is sent to this address" in client.get(f"/preferences/{token(context, number)}").text


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("state", ["reader", "left", "stopped", "erased"])
def test_the_answer_tells_nothing_of_the_other_address(
    client: FlaskClient, context: Workspace, kind: Kind, state: str
) -> None:
    number, other = subscribe(context), subscribe(context, "second@example.org")
    known = subscribe(context, NEW)
    if state == "left":
        client.post(f"/unsubscribe/{token(context, known, Purpose.UNSUBSCRIBE)}")
    elif state == "stopped":
        stop(context, NEW)
    elif state == "erased":
        erase(context.database, NEW, context.signer, NOW)
    about_known = ask(client, own(context, number, kind))
    about_unknown = ask(client, own(context, other, kind), "nil@example.org")
    assert about_known.status_code == about_unknown.status_code == 200
    assert about_known.text.replace(NEW, "") == about_unknown.text.replace("nil@example.org", "")


@pytest.mark.parametrize("kind", PLACES)
def test_a_mailed_link_is_spent_by_what_it_asks(client: FlaskClient, context: Workspace, kind: Kind) -> None:
    link = own(context, subscribe(context), kind)
    assert ask(client, link).status_code == 200
    before = dump(context)
    assert client.get(link).status_code == ask(client, link, "third@example.org").status_code == 404
    assert dump(context) == before


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize(
    "email", ["", "no address", "пошта@example.org", OLD.upper(), "a@b", "a@x.org\r\nBcc: b@x.org"]
)
def test_an_address_that_cannot_be_is_said_beside_its_field_and_the_link_stays_good(
    client: FlaskClient, context: Workspace, kind: Kind, email: str
) -> None:
    link = own(context, subscribe(context), kind)
    before = dump(context)
    response = ask(client, link, email)
    assert response.status_code == 422
    assert 'aria-describedby="email-error"' in response.text
    assert dump(context) == before
    assert client.get(link).status_code == 200


def test_only_whoever_holds_a_post_can_pass_it_on_and_others_are_sent_to_the_editors(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context, attributes={"position": "Голова"})
    link = own(context, number, Kind.SUCCESSION)
    before = dump(context)
    for response in (client.get(link), ask(client, link)):
        assert "office@news.example.org" in response.text
        assert "<form" not in response.text
    assert dump(context) == before


def test_a_mailbox_that_was_stopped_meanwhile_is_sent_to_the_editors(
    client: FlaskClient, context: Workspace
) -> None:
    link = own(context, subscribe(context), Kind.MOVE)
    stop(context, OLD)
    before = dump(context)
    for response in (client.get(link), ask(client, link)):
        assert "office@news.example.org" in response.text
        assert "<form" not in response.text
    assert dump(context) == before


def test_the_link_to_confirm_ends_after_a_week_and_with_the_reader(
    client: FlaskClient, context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client, own(context, subscribe(context), Kind.MOVE))
    confirm = confirmation(context)
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-21T10:00:00+00:00")
    assert client.get(confirm).status_code == client.post(confirm).status_code == 404
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")
    assert client.get(confirm).status_code == 200
    erase(context.database, OLD, context.signer, NOW)
    assert client.post(confirm).status_code == 404
