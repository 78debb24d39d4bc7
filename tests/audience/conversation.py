"""Readers, requests and answers in a real database, for tests of what two mailboxes decide."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from newsletter.audience.asking import Act
from newsletter.config import read_settings
from newsletter.links import Signer
from newsletter.store import people, requests
from newsletter.store.choices import LISTED, Choices
from newsletter.store.import_people import Decision, Entry, write
from newsletter.store.people import Record
from newsletter.store.requests import Request
from newsletter.store.schema import letter

NOW = datetime(2025, 2, 14, 10, 0, tzinfo=UTC)
SIGNER = Signer(b"0123456789abcdef")
OPTIONAL = ("social", "economy", "staff")
ALL: Choices = {"*": LISTED}
PLACES = read_settings(Path(__file__).parents[2])
"""The sample's settings, with the fields of a post."""
POST = {"region": "Сумська", "community": "Конотопська", "position": "Міський голова"}


def subscribe(
    connection: Connection,
    email: str,
    choices: Choices = ALL,
    attributes: Mapping[str, str] = POST,
    name: str = "Олена",
) -> Record:
    """Make a reader."""
    record = Record(email=email, name=name, language="uk", attributes=attributes, choices=choices)
    write(connection, [Decision(Entry(email=email), None, record)], "list.csv", NOW)
    return get(connection, email)


def get(connection: Connection, email: str) -> Record:
    """Return a reader who is there."""
    found = people.find(connection, email)
    assert found is not None
    return found


def act(connection: Connection, now: datetime = NOW) -> Act:
    """Return the context of an action."""
    return Act(connection, now, SIGNER, OPTIONAL)


def waiting(connection: Connection, number: int) -> Request:
    """Return a request as it stands."""
    found = requests.find(connection, number, NOW)
    assert found is not None
    return found


def letters(connection: Connection) -> list[tuple[str, str]]:
    """Return (kind, address) of every letter."""
    return [(row.kind, row.email) for row in connection.execute(select(letter).order_by(letter.c.id))]
