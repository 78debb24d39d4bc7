"""Another address, another holder of a post: what is asked, whom, and what nobody else can tell."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.links import Purpose
from newsletter.model import SubscriberStatus
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.store.erasure import erase
from newsletter.wiring import Context
from tests.web.public.readers import (
    NOW,
    POST,
    dump,
    letters,
    person,
    request,
    states,
    stop,
    subscribe,
    token,
)

OLD, NEW = "olena@konotop.example.org", "new@example.org"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")


def ask(client: FlaskClient, context: Context, number: int, place: str, email: str = NEW) -> TestResponse:
    return client.post(
        f"/preferences/{token(context, number)}/{place}", data={"email": email, "name": "Ірина"}
    )


def test_both_mailboxes_press_a_button_and_the_reader_moves(client: FlaskClient, context: Context) -> None:
    number = subscribe(context)
    assert "We have written to both addresses" in ask(client, context, number, "address").text
    assert letters(context) == [("address-old", OLD), ("address-new", NEW)]
    agree = f"/agree/{token(context, request(context), Purpose.AGREE)}"
    confirm = f"/confirm/{token(context, request(context), Purpose.CONFIRM)}?lang=en"
    before = dump(context)
    assert NEW in client.get(agree).text
    assert NEW in client.get(confirm).text
    assert dump(context) == before
    assert "Now press the button in the letter to new@example.org." in client.post(agree).text
    assert person(context, number).email == OLD
    assert "The address is changed" in client.post(confirm).text
    assert person(context, number).email == NEW
    after = dump(context)
    for link in (agree, confirm):
        assert "The address is changed" in client.post(link).text
    assert dump(context) == after


def test_holder_and_successor_press_a_button_and_the_one_reads_in_place_of_the_other(
    client: FlaskClient, context: Context
) -> None:
    number = subscribe(context)
    assert "Pass your post on" in client.get(f"/preferences/{token(context, number)}").text
    assert "Міський голова" in client.get(f"/preferences/{token(context, number)}/handover").text
    assert f"to {OLD} and {NEW}" in ask(client, context, number, "handover").text
    assert letters(context) == [("handover-old", OLD), ("handover", NEW)]
    agree = f"/agree/{token(context, request(context), Purpose.AGREE)}?lang=en"
    confirm = f"/confirm/{token(context, request(context), Purpose.CONFIRM)}?lang=en"
    page = client.get(confirm).text
    assert "I agree that" in page
    assert OLD not in page
    waits = client.post(confirm).text
    assert "Whoever passes the post on has to agree too" in waits
    assert "/preferences/" not in waits
    assert person(context, number).status is SubscriberStatus.ACTIVE
    page = client.get(agree).text
    assert NEW in page
    assert "Міський голова" in page
    for _ in range(2):
        assert "Your post is passed on" in client.post(agree).text
        assert "The digest now comes to you" in client.post(confirm).text
    with reading(context.database) as connection:
        successor = people.find(connection, NEW)
    assert successor is not None
    assert (successor.name, successor.attributes) == ("Ірина", POST)
    assert states(successor.choices) == {"*": "active"}
    assert "The post was passed on" in client.get(f"/preferences/{token(context, number)}").text


def test_whoever_only_has_the_link_of_a_forwarded_letter_takes_no_post_over(
    client: FlaskClient, context: Context
) -> None:
    number = subscribe(context)
    ask(client, context, number, "handover", "thief@example.org")
    confirm = f"/confirm/{token(context, request(context), Purpose.CONFIRM)}?lang=en"
    before = person(context, number)
    assert "One step is left" in client.post(confirm).text
    assert person(context, number) == before
    with reading(context.database) as connection:
        assert people.find(connection, "thief@example.org") is None


@pytest.mark.parametrize("place", ["address", "handover"])
@pytest.mark.parametrize("state", ["reader", "left", "stopped", "erased"])
def test_the_answer_tells_nothing_of_the_other_address(
    client: FlaskClient, context: Context, place: str, state: str
) -> None:
    number, other = subscribe(context), subscribe(context, "second@example.org")
    known = subscribe(context, NEW)
    if state == "left":
        client.post(f"/unsubscribe/{token(context, known, Purpose.UNSUBSCRIBE)}")
    elif state == "stopped":
        stop(context, NEW)
    elif state == "erased":
        erase(context.database, NEW, context.signer, NOW)
    about_known = ask(client, context, number, place)
    about_unknown = ask(client, context, other, place, "nil@example.org")
    assert about_known.status_code == about_unknown.status_code == 200
    blank = [
        page.text.replace(token(context, who), "").replace(email, "").replace(own, "")
        for page, who, email, own in (
            (about_known, number, NEW, OLD),
            (about_unknown, other, "nil@example.org", "second@example.org"),
        )
    ]
    assert blank[0] == blank[1]


@pytest.mark.parametrize("place", ["address", "handover"])
def test_once_a_day_is_enough(
    client: FlaskClient, context: Context, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = subscribe(context)
    assert ask(client, context, number, place).status_code == 200
    before = dump(context)
    again = ask(client, context, number, place, "third@example.org")
    assert again.status_code == 429
    assert "within the last day" in again.text
    assert dump(context) == before
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-15T10:00:01+00:00")
    assert ask(client, context, number, place, "third@example.org").status_code == 200


@pytest.mark.parametrize("place", ["address", "handover"])
@pytest.mark.parametrize(
    "email", ["", "no address", "пошта@example.org", OLD.upper(), "a@b", "a@x.org\r\nBcc: b@x.org"]
)
def test_an_address_that_cannot_be_is_said_beside_its_field(
    client: FlaskClient, context: Context, place: str, email: str
) -> None:
    number = subscribe(context)
    before = dump(context)
    response = ask(client, context, number, place, email)
    assert response.status_code == 422
    assert 'aria-describedby="email-error"' in response.text
    assert dump(context) == before


def test_only_whoever_holds_a_post_can_pass_it_on(client: FlaskClient, context: Context) -> None:
    number = subscribe(context, attributes={"position": "Голова"})
    assert "/handover" not in client.get(f"/preferences/{token(context, number)}").text
    assert client.get(f"/preferences/{token(context, number)}/handover").status_code == 404
    assert ask(client, context, number, "handover").status_code == 404


def test_a_stopped_mailbox_is_sent_to_the_editors(client: FlaskClient, context: Context) -> None:
    number = subscribe(context)
    stop(context, OLD)
    before = dump(context)
    for response in (
        client.get(f"/preferences/{token(context, number)}/address"),
        ask(client, context, number, "address"),
    ):
        assert "office@news.example.org" in response.text
        assert "<form" not in response.text
    assert dump(context) == before


def test_links_of_requests_end_after_a_week_and_with_the_reader(
    client: FlaskClient, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = subscribe(context)
    ask(client, context, number, "address")
    agree = f"/agree/{token(context, request(context), Purpose.AGREE)}"
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-21T10:00:00+00:00")
    assert client.get(agree).status_code == client.post(agree).status_code == 404
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")
    assert client.get(agree).status_code == 200
    erase(context.database, OLD, context.signer, NOW)
    assert client.post(agree).status_code == 404
