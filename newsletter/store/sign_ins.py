"""Requests to sign in at the desk, and the sessions of people who did; secrets are kept as hashes only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from newsletter.store.db import timestamp
from newsletter.store.schema import desk_session, sign_in

LIFETIME = timedelta(minutes=10)
"""For how long a mailed link opens."""
IDLE, LONGEST = timedelta(hours=12), timedelta(days=7)
"""When a session ends: after so long without a request, and so long after sign-in however busy it is."""
_SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A request to sign in: whose, and when it was made (UTC, as text)."""

    id: int
    address: str
    created_at: str
    used_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person's session: its browser in words, the network it was begun from, and when it was used."""

    id: int
    address: str
    browser: str
    network: str
    created_at: str
    seen_at: str


def put(connection: Connection, address: str, browser: bytes, letter: int | None, now: datetime) -> None:
    """Store a request by the browser whose secret has the hash `browser`; `letter` will bring its link."""
    values = {"address": address, "browser": browser, "letter": letter, "created_at": timestamp(now)}
    connection.execute(insert(sign_in).values(**values))


def of_letter(connection: Connection, letter: int, now: datetime) -> SignIn | None:
    """Return the request whose link a letter brings, while it can still be used."""
    row = connection.execute(
        select(sign_in.c.id, sign_in.c.address, sign_in.c.created_at, sign_in.c.used_at).where(
            sign_in.c.letter == letter, *_usable(now)
        )
    ).first()
    return SignIn(**row._mapping) if row else None  # noqa: SLF001  the public name of a row's mapping


def usable(connection: Connection, number: int, browser: bytes, now: datetime) -> bool:
    """Tell whether `use` would accept a request, changing nothing."""
    query = select(sign_in.c.id).where(*_by(number, browser, now))
    return connection.execute(query).first() is not None


def use(connection: Connection, number: int, browser: bytes, now: datetime) -> str | None:
    """Use up a request, once, by the browser that made it; return whose it is, or None if it cannot be."""
    return connection.execute(
        update(sign_in)
        .where(*_by(number, browser, now))
        .values(used_at=timestamp(now))
        .returning(sign_in.c.address)
    ).scalar_one_or_none()


def begin(  # noqa: PLR0913  the columns of a session
    connection: Connection, digest: bytes, *, address: str, browser: str, network: str, now: datetime
) -> None:
    """Begin a session, known by the hash of its secret."""
    at = timestamp(now)
    values = {"address": address, "browser": browser, "network": network, "created_at": at, "seen_at": at}
    connection.execute(insert(desk_session).values(digest=digest, **values))


def find(connection: Connection, digest: bytes, now: datetime) -> Session | None:
    """Return the session whose secret has this hash, unless it has ended."""
    row = connection.execute(select(*_COLUMNS).where(desk_session.c.digest == digest, *_open(now))).first()
    return Session(**row._mapping) if row else None  # noqa: SLF001  likewise


def stale(session: Session, now: datetime) -> bool:
    """Tell whether `seen` should be called: it is a write, so not at every request."""
    return session.seen_at <= timestamp(now - _SEEN_EVERY)


def seen(connection: Connection, number: int, now: datetime) -> None:
    """Record that a session is in use."""
    connection.execute(update(desk_session).where(desk_session.c.id == number).values(seen_at=timestamp(now)))


def sessions(connection: Connection, now: datetime, address: str | None = None) -> Sequence[Session]:
    """Return the sessions that have not ended, of one person or of everybody, the newest first."""
    query = select(*_COLUMNS).where(*_open(now)).order_by(desk_session.c.seen_at.desc(), desk_session.c.id)
    if address is not None:
        query = query.where(desk_session.c.address == address)
    return [Session(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001  likewise


def end(connection: Connection, numbers: Collection[int]) -> None:
    """End sessions at once."""
    connection.execute(delete(desk_session).where(desk_session.c.id.in_(numbers)))


def prune(connection: Connection, now: datetime) -> None:
    """Delete the requests that are too old, and the sessions that have ended."""
    connection.execute(delete(sign_in).where(sign_in.c.created_at <= timestamp(now - LIFETIME)))
    idle = desk_session.c.seen_at <= timestamp(now - IDLE)
    connection.execute(
        delete(desk_session).where(idle | (desk_session.c.created_at <= timestamp(now - LONGEST)))
    )


_COLUMNS = (
    desk_session.c.id,
    desk_session.c.address,
    desk_session.c.browser,
    desk_session.c.network,
    desk_session.c.created_at,
    desk_session.c.seen_at,
)


def _usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return sign_in.c.used_at == "", sign_in.c.created_at > timestamp(now - LIFETIME)


def _by(number: int, browser: bytes, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return sign_in.c.id == number, sign_in.c.browser == browser, sign_in.c.address != "", *_usable(now)


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        desk_session.c.seen_at > timestamp(now - IDLE),
        desk_session.c.created_at > timestamp(now - LONGEST),
    )
