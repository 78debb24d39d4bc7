"""Step-up confirmation: what a letter's own links do not open is asked of the reader's mailbox once more.

Each letter carries one link, for one purpose, that works once and for a day.
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
"""What can be asked for from a reader's own page, and the purpose of the link that is mailed for it."""

LIFETIME = timedelta(days=1)
"""For how long a mailed link works, and for how long no second one is mailed."""

_SHOWN = timedelta(hours=1)
"""For how long the page of a reader's data can be worked with once its link was used."""
_WEEKLY = 3  # letters of a kind in the seven days for which requests are kept


def ask(connection: Connection, person: Record, kind: Kind, language: str, now: datetime) -> None:
    """Mail `person`, who is held for update, the link for `kind`, if one may be mailed now.

    Whether one was is for no page to tell: whoever asks may only have been forwarded a letter.
    """
    if _may(connection, person, kind, now):
        _put(connection, kind, person.email, person.id, person.language or language, now, mailed=True)


def mail_link(
    connection: Connection, email: str, language: str, now: datetime, *, turn: float | None = None
) -> None:
    """Mail the link to their preferences to the reader at `email`, if there is one and it may be mailed.

    It leaves before what strangers ask for, but at its `turn` among networks: anybody can type an address in.
    Whatever is known of the address, the work is the same but for one row, so that time tells nothing.
    """
    found = people.find_all(connection, [key(email)], for_update=True).get(key(email))
    may = _may(connection, found, Kind.LINK, now)
    if found and may:
        language = found.language or language
        _put(connection, Kind.LINK, found.email, found.id, language, now, mailed=True, turn=turn)
    else:
        _put(connection, Kind.LINK, email, None, language, now, mailed=False)


def find(  # noqa: PLR0913  what a link says, and when
    connection: Connection, kind: Kind, number: int, day: date, now: datetime, *, for_update: bool = False
) -> tuple[Request, Record] | None:
    """Return the request behind a mailed link and its reader, unless it was used, is old, or they moved."""
    found = _find(connection, kind, number, day, now, for_update=for_update)
    return found if found and not found[0].confirmed_at else None


def find_shown(
    connection: Connection, number: int, day: date, now: datetime, *, for_update: bool = False
) -> tuple[Request, Record] | None:
    """Return the request behind a page of data and its reader, while that page can be worked with."""
    found = _find(connection, Kind.DATA, number, day, now, for_update=for_update)
    return found if found and found[0].confirmed_at > timestamp(now - _SHOWN) else None


def spend(connection: Connection, asked: Request, now: datetime) -> None:
    """Let the link of `asked`, which is held for update, work no more."""
    requests.confirm(connection, asked.id, now)


def _find(  # noqa: PLR0913  what a link says, and when
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
    """Tell whether a letter of this kind may leave: once a day, three times a week, to a live mailbox."""
    times = requests.times(connection, kind, person.id if person else 0, now)
    if person is None or person.status is SubscriberStatus.SUPPRESSED:
        return False
    return len(times) < _WEEKLY and (not times or times[0] <= timestamp(now - LIFETIME))


def _put(  # noqa: PLR0913, PLR0917  what a request is made of
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
