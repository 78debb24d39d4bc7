"""Tokens of programs that use the API; only the hash of a token's secret is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from newsletter.scopes import Scope
from newsletter.store.db import timestamp
from newsletter.store.schema import api_token

SEEN_EVERY = timedelta(minutes=5)
"""Use is recorded so often at most: it is a write."""
_KEPT = timedelta(days=30)  # a token that ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it is stored; times are UTC as text, empty where that has not happened."""

    id: int
    name: str
    digest: bytes
    scopes: frozenset[Scope]
    created_at: str
    created_by: str
    expires_at: str
    revoked_at: str
    seen_at: str
    seen_from: str

    def is_open(self, now: datetime) -> bool:
        """Tell whether it still lets a program in."""
        return not self.revoked_at and self.expires_at > timestamp(now)


def put(  # noqa: PLR0913  the columns of a token
    connection: Connection,
    *,
    name: str,
    digest: bytes,
    scopes: frozenset[Scope],
    by: str,
    now: datetime,
    expires_at: datetime,
) -> int:
    """Store a token and return its number."""
    values = {
        "name": name,
        "digest": digest,
        "scopes": sorted(scopes),
        "created_at": timestamp(now),
        "created_by": by,
        "expires_at": timestamp(expires_at),
    }
    made: int = connection.execute(insert(api_token).values(values).returning(api_token.c.id)).scalar_one()
    return made


def find(connection: Connection, number: int) -> Token | None:
    """Return the token with this number, whether it has ended or not."""
    row = connection.execute(select(api_token).where(api_token.c.id == number)).one_or_none()
    return _token(row) if row else None


def every(connection: Connection) -> Sequence[Token]:
    """Return all tokens, the oldest first."""
    return [_token(row) for row in connection.execute(select(api_token).order_by(api_token.c.id))]


def revoke(connection: Connection, number: int, now: datetime) -> None:
    """End a token at once."""
    connection.execute(
        update(api_token)
        .where(api_token.c.id == number, api_token.c.revoked_at == "")
        .values(revoked_at=timestamp(now))
    )


def seen(connection: Connection, number: int, network: str, now: datetime) -> None:
    """Record that a token was used, and from which network."""
    connection.execute(
        update(api_token).where(api_token.c.id == number).values(seen_at=timestamp(now), seen_from=network)
    )


def too_old(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for tokens that ended a month ago or earlier."""
    then = timestamp(now - _KEPT)
    revoked = (api_token.c.revoked_at != "") & (api_token.c.revoked_at <= then)
    return or_(revoked, api_token.c.expires_at <= then)


def _token(row: Row[Any]) -> Token:
    values = dict(row._mapping)  # noqa: SLF001  the public name of a row's mapping
    return Token(**{**values, "scopes": frozenset(map(Scope, values["scopes"]))})
