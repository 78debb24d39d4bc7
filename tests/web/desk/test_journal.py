"""The journal: what was done is added, shown and filtered, and never changed."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, update

from newsletter.cli import run
from newsletter.errors import StoreError
from newsletter.services import Workspace
from newsletter.services import journal as service
from newsletter.services.journal import Act, Actor, record
from newsletter.store import journal
from newsletter.store.db import reading, writing
from newsletter.store.journal import Entry, Wanted
from newsletter.store.schema import journal as table
from tests.web.desk.visit import send
from tests.web.readers.people import NOW, subscribe

OLENA = Actor(address="olena@hromada.example.org", name="Олена", network="192.0.2.0/24")
IHOR = Actor(address="ihor@hromada.example.org", name="Ігор", network="198.51.100.0/24")
D = "2025-02-14"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())


def test_no_entry_is_changed_or_deleted_within_a_year_by_whatever_statement(engine: Engine) -> None:
    lately = datetime.now(UTC) - timedelta(days=300)  # by the database's own clock
    with writing(engine) as connection:
        journal.add(connection, Entry(address="", name="Олена", network="", did="approved"), lately)
    for statement in (update(table).values(name="Ігор"), delete(table)):
        with pytest.raises(StoreError, match="only added to"), writing(engine) as connection:
            connection.execute(statement)
    with reading(engine) as connection:
        assert [one.name for one in journal.entries(connection, Wanted(), limit=9)] == ["Олена"]


def test_who_edited_last_is_known_whatever_was_done_since(context: Workspace) -> None:
    assert service.last_edit(context, D) is None
    record(context, OLENA, Act.ITEM_EDITED, issue=D, subject="01-forum")
    record(context, IHOR, Act.ITEM_EDITED, issue="2025-02-21", subject="01-forum")
    record(context, IHOR, Act.TEST_SENT, issue=D)
    found = service.last_edit(context, D)
    assert found
    assert found.address == OLENA.address


def test_saves_of_one_item_one_after_another_are_one_entry_for_ten_minutes(
    context: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes, actor, subject in (
        (0, OLENA, "a"),
        (4, OLENA, "a"),
        (5, OLENA, "b"),
        (6, IHOR, "b"),
        (8, OLENA, "b"),
    ):
        monkeypatch.setenv("NEWSLETTER_NOW", (NOW + timedelta(minutes=minutes)).isoformat())
        record(context, actor, Act.ITEM_EDITED, issue=D, subject=subject)
    monkeypatch.setenv("NEWSLETTER_NOW", (NOW + timedelta(minutes=19)).isoformat())
    record(context, OLENA, Act.ITEM_EDITED, issue=D, subject="b")
    found = [(one.name, one.subject) for one in reversed(service.entries(context, Wanted()))]
    assert found == [("Олена", "a"), ("Олена", "b"), ("Ігор", "b"), ("Олена", "b"), ("Олена", "b")]


def test_whoever_changes_an_issue_at_the_board_edited_it_last(
    client: FlaskClient, context: Workspace
) -> None:
    board = f"/desk/{D}"
    assert send(client, f"{board}/arrange", {"item": "01-forum", "section": "social"}).status_code == 303
    assert send(client, f"{board}/words", {"subject": "Нова тема", "was_subject": ""}).status_code in (
        303,
        409,
    )
    assert send(client, f"{board}/new", {"title": "Нова новина", "sections": "social"}).status_code == 303
    assert send(client, f"{board}/arrange", {"delete": "01-forum"}).status_code == 303
    found = [one.did for one in reversed(service.entries(context, Wanted()))]
    assert found[0] == Act.ITEM_MOVED
    assert found[-2:] == [Act.ITEM_ADDED, Act.ITEM_REMOVED]
    last = service.last_edit(context, D)
    assert last
    assert last.subject == "01-forum"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Ігор", "Олена"]),
        (f"who={OLENA.address}", ["Олена"]),
        ("did=approved", ["Ігор"]),
        (f"issue={D}&since=2025-02-14&until=2025-02-14", ["Ігор", "Олена"]),
        ("since=2025-02-15", []),
        ("until=2025-02-13", []),
        ("since=yesterday", ["Ігор", "Олена"]),
    ],
)
def test_the_page_and_the_file_show_what_the_filter_wants(
    client: FlaskClient, context: Workspace, query: str, shown: list[str]
) -> None:
    record(context, OLENA, Act.ITEM_EDITED, issue=D, subject="01-forum")
    record(context, IHOR, Act.APPROVED, issue=D, readers=1430)
    page = client.get(f"/desk/journal?{query}").text
    rows = list(csv.DictReader(io.StringIO(client.get(f"/desk/journal.csv?{query}").text.lstrip("\ufeff"))))
    assert [row["name"] for row in rows] == shown
    assert [name for name in ("Ігор", "Олена") if f">{name}</span>" in page] == shown


def test_older_entries_are_a_page_further(client: FlaskClient, context: Workspace) -> None:
    for number in range(101):
        record(context, OLENA, Act.ITEM_EDITED, issue=D, subject=f"{number:03}-item")
    first = client.get("/desk/journal").text
    assert "100-item" in first
    assert "000-item" not in first
    assert "000-item" in client.get("/desk/journal?before=2").text


def test_what_commands_do_is_in_the_journal_too(
    context: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    subscribe(context)
    assert run(["-C", str(context.root), "approve", D, "--by", "Марія"]) == 0, capsys.readouterr()
    [entry] = service.entries(context, Wanted())
    assert (entry.name, entry.did, entry.issue, entry.network) == ("Марія", "approved", D, "terminal")
    assert entry.details == {"readers": 1}


def test_a_cell_is_no_formula(client: FlaskClient, context: Workspace) -> None:
    record(context, Actor(name="=HYPERLINK(1)"), Act.APPROVED)
    assert "'=HYPERLINK(1)" in client.get("/desk/journal.csv").text
