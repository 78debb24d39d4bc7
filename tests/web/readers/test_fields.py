"""Fields by their kind; those that are not public are on no form, and among one's data."""

import json
import re

import pytest
from flask.testing import FlaskClient

from newsletter.audience import handover
from newsletter.links import Purpose
from newsletter.services import Workspace, open_workspace
from newsletter.store.db import reading
from newsletter.store.requests import Kind
from newsletter.web.readers.app import create_site
from tests.web.readers.forms import choices, fields
from tests.web.readers.people import NOW, found, mailed, person, request, subscribe, token

EMAIL = "olena@konotop.example.org"
FIELDS = """\
fields:
  oblast: {label: Область, kind: region}
  hromada: {label: Громада, kind: community}
  position: {label: Посада, kind: post}
  size: {label: Розмір, kind: choice, choices: [мала, велика]}
  notes: {label: Нотатки, public: false}
  tags: {label: Мітки, kind: choice, choices: [свій, чужий], public: false}
"""
HELD = {
    "oblast": "Сумська",
    "hromada": "Конотопська",
    "position": "Голова",
    "notes": "скаржився",
    "tags": "свій",
}
SECRET = ("Нотатки", "Мітки", "скаржився", "field-notes", "field-tags")


@pytest.fixture
def context(context: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Give the workspace fields of every kind, under names of its own."""
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())
    file = context.root / "newsletter.yaml"
    text = re.sub(r"fields:\n(?:  .*\n)+", FIELDS, file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    context.database.dispose()
    return open_workspace(context.root)


@pytest.fixture
def client(context: Workspace) -> FlaskClient:
    return create_site(context).test_client()


def test_a_sign_up_neither_asks_nor_takes_what_is_private(
    client: FlaskClient, context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = client.get("/signup").text
    assert not any(words in page for words in SECRET)
    form = fields(page) | {
        "email": [EMAIL],
        "name": ["Олена"],
        "field-size": ["мала"],
        "field-notes": ["моє"],
    }
    form["consent"] = re.findall(r'name="consent" value="(\w+)"', page)
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.replace(minute=1).isoformat())
    assert client.post("/signup", data=form).status_code == 303
    confirm = f"/confirm/{token(context, request(context), Purpose.CONFIRM)}"
    assert "Розмір" in client.get(confirm).text
    client.post(confirm)
    with reading(context.database) as connection:
        assert found(connection, EMAIL).attributes == {"size": "мала"}


def test_register_and_choices_are_offered_by_kind_whatever_the_name(client: FlaskClient) -> None:
    page = client.get("/signup").text
    assert "Сумська" in choices(page, "field-oblast")
    assert choices(page, "field-size") == ["", "мала", "велика"]
    form = fields(page) | {"field-oblast": ["Сумська"], "step": ["communities"]}
    assert "Конотопська" in choices(client.post("/signup", data=form).text, "field-hromada")
    form = fields(page) | {"field-size": ["середня"]}
    answer = client.post("/signup?lang=en", data=form)
    assert answer.status_code == 422
    assert "Розмір: choose one of the list" in answer.text


def test_what_is_private_is_shown_among_one_s_data_and_cannot_be_changed_there(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context, EMAIL, attributes=HELD)
    assert not any(words in client.get(f"/preferences/{token(context, number)}").text for words in SECRET)
    page = client.post(f"/mine/data/{mailed(context, number, Kind.DATA)}").text
    assert "Нотатки" in page
    assert "скаржився" in page
    assert "field-notes" not in page
    shown = re.search(r'name="token" value="([^"]+)"', page)
    assert shown
    held = json.loads(client.post("/mine/file", data={"token": shown[1]}).data)
    assert held["attributes"] == HELD
    client.post("/mine/correct", data={"token": shown[1], "field-notes": "чемний", "field-size": "велика"})
    assert person(context, number).attributes == {"notes": "скаржився", "tags": "свій", "size": "велика"}


def test_what_is_private_stays_behind_when_a_post_changes_hands(
    client: FlaskClient, context: Workspace
) -> None:
    number = subscribe(context, EMAIL, attributes=HELD)
    page = client.get(f"/mine/succession/{mailed(context, number, Kind.SUCCESSION)}").text
    assert not any(words in page for words in SECRET)
    assert handover.post_of(person(context, number), context.settings) == {
        slug: HELD[slug] for slug in ("position", "hromada", "oblast")
    }
