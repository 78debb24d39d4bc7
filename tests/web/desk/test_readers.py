"""People's data at the desk: for operators only, every look in the journal, nothing done by a link."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from newsletter.config.parts import Editor
from newsletter.config.types import Role
from newsletter.services import Workspace, journal, readers
from newsletter.store.db import writing
from newsletter.store.journal import Wanted
from newsletter.store.schema import subscriber
from newsletter.web.desk.app import create_desk
from tests.sending.house import address
from tests.web.desk import house
from tests.web.desk.visit import send


@pytest.fixture
def context(context: Workspace) -> Workspace:
    """Send an issue to twelve readers, whose numbers begin with 500."""
    house.begin(context, date(2025, 2, 7), like="2025-02-14")
    return context


def acts(context: Workspace) -> list[tuple[str, str]]:
    return [(one.did, one.subject) for one in journal.entries(context, Wanted())]


def test_somebody_is_found_and_each_look_is_in_the_journal_without_an_address(
    client: FlaskClient, context: Workspace
) -> None:
    page = client.get("/desk/readers?words=reader501").text
    assert 'href="/desk/readers/501"' in page
    story = client.get("/desk/readers/501?lang=en").text
    assert address(501) in story
    assert "2025-02-07" in story
    assert acts(context) == [("reader seen", "501"), ("readers seen", "")]
    assert client.get("/desk/readers/9999").status_code == 422
    assert "Segments" in client.get("/desk/readers/segments?lang=en").text


def test_somebody_is_added_leaves_is_restored_and_erased(client: FlaskClient, context: Workspace) -> None:
    new = {"email": "new@city.example.org", "name": "Нова <b>", "sections": "social"}
    assert send(client, "/desk/readers/new", new).status_code == 422
    send(client, "/desk/readers/new", {**new, "consent": "Форум, 12 березня"})
    number = readers.number_of(context, new["email"])
    assert "Нова &lt;b&gt;" in client.get(f"/desk/readers/{number}").text
    assert send(client, f"/desk/readers/{number}/leave").status_code == 422
    send(client, f"/desk/readers/{number}/leave", {"everything": "yes"})
    assert readers.position(readers.person(context, number)) is readers.Position.LEFT
    with writing(context.database) as connection:
        one = update(subscriber).where(subscriber.c.id == 502)
        connection.execute(one.values(status="suppressed", reason="bounced: 550"))
    assert send(client, "/desk/readers/502/restore", {"why": " "}).status_code == 422
    send(client, "/desk/readers/502/restore", {"why": "скриньку полагодили"})
    assert readers.position(readers.person(context, 502)) is readers.Position.READER
    wrong = send(client, f"/desk/readers/{number}/erase", {"address": "other@city.example.org"})
    assert wrong.status_code == 422
    send(client, f"/desk/readers/{number}/erase", {"address": "NEW@city.example.org"})
    assert client.get(f"/desk/readers/{number}").status_code == 422
    assert ("reader erased", str(number)) in acts(context)


def test_people_s_data_are_closed_to_editors_and_approvers(context: Workspace) -> None:
    approver = Editor(name="Ігор", address="ihor@example.org", role=Role.APPROVER)
    client = create_desk(context, single=approver).test_client()
    for path in ("/desk/readers", "/desk/readers/501", "/desk/readers/501/erase", "/desk/readers/segments"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert address(501) not in answer.text
