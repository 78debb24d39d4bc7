"""Requests that wait for confirmation by mail (double opt-in): sign-up, new address, successor and others."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from newsletter.store.db import timestamp
from newsletter.store.people import key
from newsletter.store.schema import request

LIFETIME = timedelta(days=7)
"""How long a request can be confirmed; then it is deleted."""


class Kind(StrEnum):
    """The kind of a request."""

    SIGNUP = "signup"
    ADDRESS = "address"
    HANDOVER = "handover"
    LINK = "link"
    DATA = "data"
    ERASURE = "erasure"
    MOVE = "move"
    SUCCESSION = "succession"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request; `email` must confirm it, and so must the `subscriber` it changes, where there is one.

    Times are UTC ISO 8601 text as in the tables; empty means not yet.
    """

    id: int = 0
    kind: Kind
    email: str
    subscriber: int | None = None
    language: str
    details: Mapping[str, Any]
    source: str
    consent: str = ""
    ip: bytes | None = None
    requested_at: str = ""
    agreed_at: str = ""
    confirmed_at: str = ""


def put(connection: Connection, asked: Request, now: datetime) -> int:
    """Insert a request made at `now`; return its number."""
    values = asdict(asked) | {"email_key": key(asked.email), "requested_at": timestamp(now)}
    del values["id"]
    number: int = connection.execute(insert(request).values(values).returning(request.c.id)).scalar_one()
    return number


def find(connection: Connection, number: int, now: datetime, *, for_update: bool = False) -> Request | None:
    """Return request `number`, or None if unknown or expired; `for_update` locks it in this transaction."""
    query = select(request).where(request.c.id == number, request.c.requested_at > timestamp(now - LIFETIME))
    row = connection.execute(query.with_for_update() if for_update else query).mappings().one_or_none()
    if row is None:
        return None
    values = {name: value for name, value in row.items() if name != "email_key"}
    return Request(**values | {"kind": Kind(values["kind"])})


def times(connection: Connection, kind: Kind, subscriber: int, now: datetime) -> list[str]:
    """Return when this subscriber made requests of this kind within LIFETIME, the newest first."""
    query = select(request.c.requested_at).where(
        request.c.subscriber == subscriber,
        request.c.kind == kind,
        request.c.requested_at > timestamp(now - LIFETIME),
    )
    return list(connection.execute(query.order_by(request.c.requested_at.desc())).scalars())


def confirm(connection: Connection, number: int, now: datetime) -> None:
    """Record that the address that must confirm the request did so."""
    connection.execute(update(request).where(request.c.id == number).values(confirmed_at=timestamp(now)))


def too_old(before: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for requests made before `before`; their letters are deleted with them."""
    return request.c.requested_at <= timestamp(before)
