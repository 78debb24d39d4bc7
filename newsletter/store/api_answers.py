"""Answers to requests with an Idempotency-Key, so that a repeated request does nothing a second time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, update

from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import api_answer

KEPT = timedelta(days=1)
_ABANDONED = timedelta(minutes=2)  # a request that is still being answered then: its process has died


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered to a request; `status` is 0 while it is still being answered."""

    request: bytes
    status: int
    headers: Mapping[str, str]
    body: str


def begin(  # noqa: PLR0913  the columns of a row
    connection: Connection, token: int, key: str, request: bytes, now: datetime, *, personal: bool
) -> Answer | None:
    """Record that a request is being answered, and return None; or return what was answered to it before."""
    mine = api_answer.c.token == token, api_answer.c.key == key
    over = timestamp(now - KEPT), timestamp(now - _ABANDONED)
    connection.execute(
        delete(api_answer).where(
            *mine,
            (api_answer.c.at <= over[0]) | ((api_answer.c.status == 0) & (api_answer.c.at <= over[1])),
        )
    )
    row = {"token": token, "key": key, "request": request, "at": timestamp(now), "personal": personal}
    made = connection.execute(upsert(connection, api_answer).values(row).on_conflict_do_nothing())
    if made.rowcount:
        return None
    query = select(api_answer.c.request, api_answer.c.status, api_answer.c.headers, api_answer.c.body)
    found = connection.execute(query.where(*mine)).one()
    return Answer(request=bytes(found.request), status=found.status, headers=found.headers, body=found.body)


def finish(  # noqa: PLR0913  the columns of a row
    connection: Connection, token: int, key: str, *, status: int, headers: Mapping[str, str], body: str
) -> None:
    """Store the answer to a request."""
    connection.execute(
        update(api_answer)
        .where(api_answer.c.token == token, api_answer.c.key == key)
        .values(status=status, headers=dict(headers), body=body)
    )


def release(connection: Connection, token: int, key: str) -> None:
    """Forget a request that failed, so that it can be made again."""
    connection.execute(delete(api_answer).where(api_answer.c.token == token, api_answer.c.key == key))


def forget_personal(connection: Connection) -> None:
    """Delete all answers that may be about people: somebody is erased, and none of them is needed."""
    connection.execute(delete(api_answer).where(api_answer.c.personal))


def too_old(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for answers that are no longer given again."""
    return api_answer.c.at <= timestamp(now - KEPT)
