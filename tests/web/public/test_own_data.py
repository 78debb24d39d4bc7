"""A reader's own data: shown whole, taken along as JSON, erased for good."""

import json
import re

import pytest
from flask.testing import FlaskClient

from newsletter.audience import moving, optin
from newsletter.audience.answers import Answers
from newsletter.store import events, people, requests
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erased_at
from newsletter.store.events import Event, Kind
from newsletter.wiring import Context
from tests.web.public.readers import NOW, POST, dump, found, stop, subscribe, token

EMAIL = "olena@konotop.example.org"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")


@pytest.fixture
def number(context: Context) -> int:
    """Make a reader who signed up by the form, and asked to move."""
    answers = Answers(email=EMAIL, name="Олена <b>", attributes=POST, sections=frozenset({"social"}))
    words = optin.wording(context.settings, "en")
    with writing(context.database) as connection:
        signer, ip = context.signer, b"0123456789abcdef"
        optin.sign_up(connection, answers, words, NOW, signer=signer, source="sign-up page", ip=ip)
        asked = requests.find(connection, 1, NOW, for_update=True)
        assert asked is not None
        optional = [section.slug for section in context.settings.rubrics]
        optin.confirm(connection, asked, optional, signer, NOW)
        person = found(connection, EMAIL)
        moving.ask_both(connection, person, "new@example.org", "en", NOW, signer=signer)
    return person.id


def test_the_file_holds_everything_that_is_known(client: FlaskClient, context: Context, number: int) -> None:
    response = client.post(f"/preferences/{token(context, number)}/data")
    assert response.mimetype == "application/json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    data = json.loads(response.data)
    assert (data["email"], data["name"], data["attributes"]) == (EMAIL, "Олена <b>", POST)
    assert [choice["section"] for choice in data["choices"]] == ["social"]
    assert data["consents"][0]["text"].startswith("I agree")
    assert [asked["kind"] for asked in data["requests"]] == ["signup", "address"]
    assert {"deliveries", "events", "letters"} <= data.keys()


def test_the_page_shows_the_same_in_words_and_inert(
    client: FlaskClient, context: Context, number: int
) -> None:
    page = client.get(f"/preferences/{token(context, number)}/data").text
    for words in (
        EMAIL,
        "Олена &lt;b&gt;",
        "Конотопська",
        "Соціальний захист",
        "I agree that",
        "new@example.org",
    ):
        assert words in page


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.AUTO_REPLY, Kind.UNREADABLE)])
def test_a_report_is_told_in_the_reader_s_words_and_hours(
    client: FlaskClient, context: Context, number: int, kind: Kind
) -> None:
    at = "2025-02-14T21:59:00Z"
    report = Event(
        id="1", source="mail", kind=kind, subscriber=number, issue="2025-02-14", code="5.1.1", at=at
    )
    with writing(context.database) as connection:
        events.put(connection, [report])
    page = client.get(f"/preferences/{token(context, number)}/data?lang=uk").text
    told = page.partition("Що повідомили")[2]
    assert ": 14 лютого 2025 року" in told
    assert "14 лютого 2025 року, 23:59 · 5.1.1" in told
    assert not re.search(rf"\b{kind.value}\b", told)


def test_a_stopped_reader_sees_and_erases_their_data_too(client: FlaskClient, context: Context) -> None:
    number = subscribe(context)
    stop(context, EMAIL)
    assert client.get(f"/preferences/{token(context, number)}/data").status_code == 200
    assert (
        client.post(f"/preferences/{token(context, number)}/erase", data={"email": EMAIL}).status_code == 303
    )


@pytest.mark.parametrize("typed", ["", "olena", "other@example.org", f"{EMAIL}x", "\0"])
def test_erasing_needs_one_s_own_address(
    client: FlaskClient, context: Context, number: int, typed: str
) -> None:
    before = dump(context)
    response = client.post(f"/preferences/{token(context, number)}/erase", data={"email": typed})
    assert response.status_code == 422
    assert "This is not the address that the digest comes to" in response.text
    assert dump(context) == before


def test_erasing_leaves_no_trace_and_ends_every_page(
    client: FlaskClient, context: Context, number: int
) -> None:
    page = f"/preferences/{token(context, number)}"
    response = client.post(f"{page}/erase?lang=en", data={"email": f"  {EMAIL.upper()} "})
    assert (response.status_code, response.headers["Location"]) == (303, "/erased?lang=en")
    assert "You are erased" in client.get("/erased?lang=en").text
    assert client.get(page).status_code == 404
    with reading(context.database) as connection:
        assert people.find(connection, EMAIL) is None
        assert erased_at(connection, EMAIL, context.signer)
    assert EMAIL not in repr(dump(context))
