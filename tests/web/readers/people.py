"""Readers in the database of a public site, and the links that letters give them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from newsletter.audience import stepup
from newsletter.audience.asking import Act
from newsletter.links import Purpose
from newsletter.services import Workspace
from newsletter.store import people
from newsletter.store.choices import LISTED, Choices
from newsletter.store.db import reading, writing
from newsletter.store.import_people import Decision, Entry, write
from newsletter.store.people import Record
from newsletter.store.requests import Kind

NOW = datetime(2025, 2, 14, 10, 0, tzinfo=UTC)
OPTIONAL = ("staff", "social", "education", "services", "economy", "international")
POST = {"region": "Сумська", "community": "Конотопська", "position": "Міський голова"}
ALL: Choices = {"*": LISTED}


def act(context: Workspace, connection: Connection, now: datetime = NOW) -> Act:
    """Return the context of an action."""
    return Act(connection, now, context.signer, context.settings.optional_sections)


def subscribe(
    context: Workspace, email: str = "olena@konotop.example.org", choices: Choices = ALL, **fields: Any
) -> int:
    """Make a reader, and return their number."""
    values = {"name": "Олена Гнатюк", "language": "en", "attributes": POST} | fields
    with writing(context.database) as connection:
        record = Record(email=email, choices=choices, **values)
        write(connection, [Decision(Entry(email=email), None, record)], "list.csv", NOW)
        return found(connection, email).id


def found(connection: Connection, email: str) -> Record:
    person = people.find(connection, email)
    assert person is not None
    return person


def person(context: Workspace, number: int) -> Record:
    """Return what the database holds of a reader."""
    with reading(context.database) as connection:
        record = people.get(connection, number)
    assert record is not None
    return record


def stop(context: Workspace, email: str, reason: str = "bounced: 550 5.1.1 no such user") -> None:
    """Suppress an address."""
    with writing(context.database) as connection:
        assert people.suppress(connection, email, reason, NOW)


def token(context: Workspace, number: int, purpose: Purpose = Purpose.PREFERENCES) -> str:
    """Return the token of a letter of today."""
    return context.signer.token(purpose, number, NOW.date())


def states(choices: Choices) -> dict[str, str]:
    """Return the state of each section."""
    return {section: choice.state.value for section, choice in choices.items()}


def dump(context: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with reading(context.database) as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        return {
            table: sorted(map(tuple, connection.execute(text(f'SELECT * FROM "{table}"'))), key=repr)  # noqa: S608  the database's own names
            for table in tables.all()
        }


def letters(context: Workspace) -> list[tuple[str, str]]:
    """Return (kind, address) of each letter that waits."""
    with reading(context.database) as connection:
        return [(kind, email) for kind, email in connection.execute(text("SELECT kind, email FROM letter"))]


def mailed(context: Workspace, number: int, kind: Kind) -> str:
    """Have a link mailed to a reader for one purpose, and return its token."""
    now = context.now()
    with writing(context.database) as connection:
        person = people.get(connection, number, for_update=True)
        assert person
        stepup.ask(connection, person, kind, "en", now)
    return context.signer.token(stepup.PURPOSES[kind], request(context), now.date())


def request(context: Workspace) -> int:
    """Return the number of the newest request."""
    with reading(context.database) as connection:
        number: int = connection.execute(text("SELECT max(id) FROM request")).scalar_one()
    return number
