"""Step-up confirmation: sensitive actions need a fresh link mailed to the reader, not a newsletter's links.

Each letter has one link for one purpose; it works once and expires after a day.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from newsletter.links import Purpose
from newsletter.model import SubscriberStatus
from newsletter.store import letters, people, requests
from newsletter.store.db import timestamp
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind, Request

PURPOSES = {
    Kind.DATA: Purpose.DATA,
    Kind.ERASURE: Purpose.ERASURE,
    Kind.MOVE: Purpose.MOVE,
    Kind.SUCCESSION: Purpose.SUCCESSION,
}
"""Requests that a reader's page offers, and the purpose of the link mailed for each."""

LIFETIME = timedelta(days=1)
"""How long a mailed link is valid, and the least time between two of a kind."""

_SHOWN = timedelta(hours=1)
"""How long the page of a reader's data stays usable after its link was used."""
_WEEKLY = 3  # letters of a kind within the seven days for which requests are stored


def ask(connection: Connection, person: Record, kind: Kind, language: str, now: datetime) -> None:
    """Mail `person`, locked for update, the link for `kind`, within the rate limit.

    No page may reveal whether it was mailed: the visitor may only have a forwarded message.
    """
    if _may(connection, person, kind, now):
        _put(connection, kind, person.email, person.id, person.language or language, now, mailed=True)


def mail_link(
    connection: Connection, email: str, language: str, now: datetime, *, turn: float | None = None
) -> None:
    """Mail a link to their preferences to the subscriber `email`, if there is one, within the rate limit.

    It is sent before sign-up letters, but at its `turn` among networks: anybody can type an address. Known
    and unknown addresses take the same work but for one row, so that response time reveals nothing.
    """
    found = people.find_all(connection, [key(email)], for_update=True).get(key(email))
    may = _may(connection, found, Kind.LINK, now)
    if found and may:
        language = found.language or language
        _put(connection, Kind.LINK, found.email, found.id, language, now, mailed=True, turn=turn)
    else:
        _put(connection, Kind.LINK, email, None, language, now, mailed=False)


def find(  # noqa: PLR0913  the parts of a link, and the time
    connection: Connection, kind: Kind, number: int, day: date, now: datetime, *, for_update: bool = False
) -> tuple[Request, Record] | None:
    """Return (request, subscriber) of a mailed link; None if used, expired, or the address has changed."""
    found = _find(connection, kind, number, day, now, for_update=for_update)
    return found if found and not found[0].confirmed_at else None


def find_shown(
    connection: Connection, number: int, day: date, now: datetime, *, for_update: bool = False
) -> tuple[Request, Record] | None:
    """Return (request, subscriber) of a page of personal data, for an hour after its link was used."""
    found = _find(connection, Kind.DATA, number, day, now, for_update=for_update)
    return found if found and found[0].confirmed_at > timestamp(now - _SHOWN) else None


def spend(connection: Connection, asked: Request, now: datetime) -> None:
    """Invalidate the link of the request `asked`, which is locked for update."""
    requests.confirm(connection, asked.id, now)


def _find(  # noqa: PLR0913  the parts of a link, and the time
    connection: Connection, kind: Kind, number: int, day: date, now: datetime, *, for_update: bool
) -> tuple[Request, Record] | None:
    asked = requests.find(connection, number, now, for_update=for_update)
    if asked is None or asked.kind is not kind or not asked.requested_at.startswith(day.isoformat()):
        return None
    if not asked.confirmed_at and asked.requested_at <= timestamp(now - LIFETIME):
        return None
    person = people.get(connection, asked.subscriber or 0, for_update=for_update)
    return (asked, person) if person and key(person.email) == key(asked.email) else None


def _may(connection: Connection, person: Record | None, kind: Kind, now: datetime) -> bool:
    """Return whether a letter of this kind is allowed: one a day, three a week, none if suppressed."""
    times = requests.times(connection, kind, person.id if person else 0, now)
    if person is None or person.status is SubscriberStatus.SUPPRESSED:
        return False
    return len(times) < _WEEKLY and (not times or times[0] <= timestamp(now - LIFETIME))


def _put(  # noqa: PLR0913, PLR0917  the columns of a request
    connection: Connection,
    kind: Kind,
    email: str,
    subscriber: int | None,
    language: str,
    now: datetime,
    *,
    mailed: bool,
    turn: float | None = None,
) -> None:
    asked = Request(
        kind=kind, email=email, subscriber=subscriber, language=language, details={}, source="preferences"
    )
    number = requests.put(connection, asked, now)
    if mailed:
        letters.put(
            connection,
            kind=kind.value,
            email=email,
            language=language,
            request=number,
            now=now,
            turn=turn,
        )
