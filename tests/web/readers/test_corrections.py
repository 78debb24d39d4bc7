"""What readers of the site see of a correction: the page, its feeds, the search and copies, at once."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from newsletter.links import Purpose
from newsletter.model import Event, ItemKind
from newsletter.sending.corrections import Change, Signed, correct
from newsletter.services import Workspace
from newsletter.store import contents
from newsletter.store.db import reading, writing
from newsletter.store.schema import edition_items
from newsletter.web.readers.app import create_site
from tests import press
from tests.sending import house
from tests.unbound import unbound
from tests.web.readers.forms import texts

NAME = press.CLOSING.isoformat()
PAGE, FEED = f"/issues/{NAME}?lang=uk", "/feed.json"
AT = datetime(2025, 2, 17, 22, 30, tzinfo=UTC)  # in Kyiv it is the 18th
ITEMS = [
    press.item("Субсидія", "Сума становить сто гривень.", name="flats"),
    replace(
        press.item("Зустріч", section="education", name="talk"),
        kind=ItemKind.EVENT,
        event=Event(start=datetime(2025, 2, 20, 9, tzinfo=UTC)),
    ),
]


@pytest.fixture(params=["sqlite", "postgres"])
def client(
    request: pytest.FixtureRequest, context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> FlaskClient:
    """Open the site with an issue in its archive, on each kind of database in turn."""
    if request.param == "postgres":
        engine: Engine = request.getfixturevalue("postgres_engine")
        monkeypatch.setenv("NEWSLETTER_DATABASE", engine.url.render_as_string(hide_password=False))
    house.people(context.database, 1)
    press.publish(context.database, press.issue(press.CLOSING, ITEMS))
    return create_site(context).test_client()


def mend(context: Workspace, *, withdrawn: bool = False) -> None:
    with reading(context.database) as connection:
        content = contents.find(connection, NAME)
    found = content and content.find("flats")
    assert found
    text = "" if withdrawn else "Сума становить тисячу гривень."
    change = Change(name=NAME, before=found[1], after=replace(found[1], text=text), withdrawn=withdrawn)
    correct(context.database, change, Signed(by="Олена", at=AT, reason="Сума — <тисяча>."))


def test_a_correction_is_on_every_page_at_once(client: FlaskClient, context: Workspace) -> None:
    before = client.get(PAGE), client.get(FEED), client.get("/feed.xml")
    mend(context)
    after = client.get(PAGE), client.get(FEED), client.get("/feed.xml")
    assert all(old.headers["ETag"] != new.headers["ETag"] for old, new in zip(before, after, strict=True))
    assert texts(after[0].text, "//p[@class='note']") == ["Виправлено 18 лютого 2025 року: Сума — <тисяча>."]
    assert "тисячу гривень" in after[0].text
    assert "сто гривень" not in after[0].text
    entry = json.loads(after[1].data)["items"][0]
    assert entry["date_modified"] == "2025-02-17T22:30:00Z"
    assert entry["date_published"] == "2025-02-14T14:00:00Z"
    assert "Виправлено 18 лютого" in entry["content_html"]
    assert "<updated>2025-02-17T22:30:00Z</updated>" in after[2].text
    assert "<published>2025-02-14T14:00:00Z</published>" in after[2].text
    section = json.loads(client.get("/sections/social/feed.json").data)["items"][0]
    assert section["date_modified"] == "2025-02-17T22:30:00Z"
    assert "2025-02-17" in client.get("/sitemap.xml").text
    assert client.get("/search?q=тисячу").text.count("<article") == 1
    assert client.get("/search?q=сто").text.count("<article") == 0


def test_an_item_taken_back_is_its_title_and_the_note(client: FlaskClient, context: Workspace) -> None:
    mend(context, withdrawn=True)
    page = client.get(PAGE).text
    assert texts(page, "//article[@id='flats']/*") == [
        "Субсидія",
        "Знято 18 лютого 2025 року: Сума — <тисяча>.",
    ]
    assert client.get("/search?q=гривень").text.count("<article") == 0


def test_the_calendar_file_of_an_event_is_corrected_at_its_address(
    client: FlaskClient, context: Workspace
) -> None:
    with reading(context.database) as connection:
        content = contents.find(connection, NAME)
    found = content and content.find("talk")
    assert found
    calendar = f"/issues/{NAME}/talk.ics"
    before = client.get(calendar).text
    later = Event(start=datetime(2025, 2, 21, 9, tzinfo=UTC))
    change = Change(name=NAME, before=found[1], after=replace(found[1], event=later))
    correct(context.database, change, Signed(by="Олена", at=AT, reason="Перенесено."))
    after = client.get(calendar).text
    assert "DTSTART:20250220T090000Z" in before
    assert "DTSTART:20250221T090000Z" in after
    uid = [line for line in before.splitlines() if line.startswith("UID")]
    assert uid == [line for line in after.splitlines() if line.startswith("UID")]
    assert "21 лютого" in " ".join(texts(client.get(PAGE).text, "//p[@class='event']"))


def test_the_copy_of_a_reader_who_has_the_item_says_what_was_corrected_above_what_was_sent(
    client: FlaskClient, context: Workspace
) -> None:
    address = f"/view/{context.signer.token(Purpose.VIEW, 1, press.CLOSING)}?lang=en"
    sent = client.get(address).text
    mend(context)
    copy = client.get(address).text
    (note,) = texts(copy, "//div[@role='note']")
    assert unbound(note).strip() == "Виправлено 18 лютого 2025 року: Субсидія. Сума — <тисяча>."
    assert f"/issues/{NAME}#flats" in copy
    assert copy.endswith(sent)
    with writing(context.database) as connection:
        connection.execute(update(edition_items).values(correction=1))
    assert client.get(address).text == sent, "an edition that was made after it has the item as it is"
    with writing(context.database) as connection:
        connection.execute(update(edition_items).values(correction=0, places=",1,"))
    assert client.get(address).text == sent, "an edition without the item"
