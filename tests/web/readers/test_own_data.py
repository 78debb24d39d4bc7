"""A reader's own data: asked by mail, shown whole, taken along as JSON, corrected, erased for good."""

import json
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.audience import asking, moving, optin
from newsletter.audience.forms import Answers
from newsletter.services import Workspace
from newsletter.store import events, people, requests
from newsletter.store.db import reading, writing
from newsletter.store.erasure import erased_at
from newsletter.store.events import Event
from newsletter.store.events import Kind as EventKind
from newsletter.store.requests import Kind
from tests.web.readers.people import NOW, POST, act, dump, found, mailed, token

EMAIL = "olena@konotop.example.org"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", "2025-02-14T10:00:00+00:00")


@pytest.fixture
def number(context: Workspace) -> int:
    """Make a reader who signed up by the form, and asked to move."""
    answers = Answers(email=EMAIL, name="Олена <b>", attributes=POST, sections=frozenset({"social"}))
    words = optin.wording(context.settings, "en")
    with writing(context.database) as connection:
        doing = act(context, connection)
        optin.sign_up(doing, answers, words, source="sign-up page", ip=b"0123456789abcdef")
        asked = requests.find(connection, 1, NOW, for_update=True)
        assert asked is not None
        asking.confirm(doing, asked, optin.settle)
        person = found(connection, EMAIL)
        moving.ask_new(doing, person, "new@example.org", "en")
    return person.id


def press(client: FlaskClient, context: Workspace, number: int, **query: str) -> TestResponse:
    """Press the button behind the link that was mailed for one's data."""
    return client.post(f"/mine/data/{mailed(context, number, Kind.DATA)}", query_string=query)


def shown(client: FlaskClient, context: Workspace, number: int) -> str:
    """Return the token that the page of data carries."""
    found = re.search(r'name="token" value="([^"]+)"', press(client, context, number).text)
    assert found
    return found[1]


def test_the_file_holds_everything_that_is_known(
    client: FlaskClient, context: Workspace, number: int
) -> None:
    response = client.post("/mine/file", data={"token": shown(client, context, number)})
    assert response.mimetype == "application/json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    data = json.loads(response.data)
    assert (data["email"], data["name"], data["attributes"]) == (EMAIL, "Олена <b>", POST)
    assert [choice["section"] for choice in data["choices"]] == ["social"]
    assert data["consents"][0]["text"].startswith("I agree")
    assert sorted(asked["kind"] for asked in data["requests"]) == ["address", "data", "signup"]
    assert {"deliveries", "events", "letters"} <= data.keys()


def test_the_page_shows_the_same_in_words_and_inert(
    client: FlaskClient, context: Workspace, number: int
) -> None:
    page = press(client, context, number).text
    for words in (
        EMAIL,
        "Олена &lt;b&gt;",
        "Конотопська",
        "Соціальний захист",
        "I agree that",
        "new@example.org",
    ):
        assert words in page


@pytest.mark.parametrize(
    "kind", [kind for kind in EventKind if kind not in (EventKind.AUTO_REPLY, EventKind.UNREADABLE)]
)
def test_a_report_is_told_in_the_reader_s_words_and_hours(
    client: FlaskClient, context: Workspace, number: int, kind: EventKind
) -> None:
    at = "2025-02-14T21:59:00Z"
    report = Event(
        id="1", source="mail", kind=kind, subscriber=number, issue="2025-02-14", code="5.1.1", at=at
    )
    with writing(context.database) as connection:
        events.put(connection, [report])
    page = press(client, context, number, lang="uk").text
    told = page.partition("Що повідомили")[2]
    assert ": 14 лютого 2025 року" in told
    assert "14 лютого 2025 року, 23:59 · 5.1.1" in told
    assert not re.search(rf"\b{kind.value}\b", told)


def test_the_button_shows_it_once_and_the_page_can_be_used_for_an_hour(
    client: FlaskClient, context: Workspace, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"/mine/data/{mailed(context, number, Kind.DATA)}"
    opened = client.get(link)
    assert EMAIL not in opened.text
    first = client.post(link)
    assert EMAIL in first.text
    for again in (client.get(link), client.post(link)):
        assert again.status_code == 404
    found = re.search(r'name="token" value="([^"]+)"', first.text)
    assert found
    for later, code in (("10:59:59", 200), ("11:00:00", 404)):
        monkeypatch.setenv("NEWSLETTER_NOW", f"2025-02-14T{later}+00:00")
        assert client.post("/mine/file", data={"token": found[1]}).status_code == code


def test_name_and_fields_are_corrected_on_the_page_of_data(
    client: FlaskClient, context: Workspace, number: int
) -> None:
    form = {"token": shown(client, context, number), "name": "Ольга", "field-position": "Секретар"}
    page = client.post("/mine/correct?lang=en", data=form).text
    assert "Saved: name, Область, Громада, Посада." in " ".join(re.sub("<[^>]+>", " ", page).split())
    with reading(context.database) as connection:
        after = found(connection, EMAIL)
    assert (after.name, after.attributes) == ("Ольга", {"position": "Секретар"})


def test_a_correction_that_cannot_be_is_said_beside_its_field_and_nothing_is_lost(
    client: FlaskClient, context: Workspace, number: int
) -> None:
    form = {"token": shown(client, context, number), "name": "x" * 101, "field-position": "Секретар"}
    before = dump(context)
    response = client.post("/mine/correct", data=form)
    assert response.status_code == 422
    assert 'aria-describedby="name-error"' in response.text
    assert 'value="Секретар"' in response.text
    assert dump(context) == before


def test_the_communities_of_a_region_can_be_shown_without_saving(
    client: FlaskClient, context: Workspace, number: int
) -> None:
    form = {"token": shown(client, context, number), "field-region": "Київська", "field-community": ""}
    before = dump(context)
    page = client.post("/mine/correct", data=form | {"step": "communities"}).text
    assert "<option>Бучанська</option>" in page
    assert dump(context) == before
    client.post("/mine/correct", data=form | {"field-community": "Бучанська"})
    with reading(context.database) as connection:
        assert found(connection, EMAIL).attributes["community"] == "Бучанська"


@pytest.mark.parametrize("typed", ["", "olena", "other@example.org", f"{EMAIL}x", "\0"])
def test_erasing_needs_one_s_own_address(
    client: FlaskClient, context: Workspace, number: int, typed: str
) -> None:
    link = f"/mine/erasure/{mailed(context, number, Kind.ERASURE)}"
    before = dump(context)
    response = client.post(link, data={"email": typed})
    assert response.status_code == 422
    assert "The digest is sent to a different address" in response.text
    assert dump(context) == before


def test_erasing_leaves_no_trace_and_ends_every_page(
    client: FlaskClient, context: Workspace, number: int
) -> None:
    page = f"/preferences/{token(context, number)}"
    link = f"/mine/erasure/{mailed(context, number, Kind.ERASURE)}"
    assert EMAIL not in client.get(link).text
    response = client.post(f"{link}?lang=en", data={"email": f"  {EMAIL.upper()} "})
    assert (response.status_code, response.headers["Location"]) == (303, "/erased?lang=en")
    assert "Your data has been deleted" in client.get("/erased?lang=en").text
    assert client.get(page).status_code == client.post(link).status_code == 404
    with reading(context.database) as connection:
        assert people.find(connection, EMAIL) is None
        assert erased_at(connection, EMAIL, context.signer)
    assert EMAIL not in repr(dump(context))
