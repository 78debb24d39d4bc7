"""Notices to webhooks: written where something happens, in its transaction; then posted, retried, forgotten.

Which events webhooks want is an option of the engine, set by `listen`. Where nobody wants an event, telling
of it costs neither a query nor a row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, update

from newsletter.config.types import WebhookEvent
from newsletter.store.bulk import insert_new
from newsletter.store.choices import BOUNCED, COMPLAINED, Choices, wanted_of
from newsletter.store.db import timestamp, upsert
from newsletter.store.schema import notice, webhook

KEPT = timedelta(days=30)
"""For how long notices are kept, whatever became of them, so that they can be posted again."""

_OPTION = "webhooks"
_REASONS = {COMPLAINED: WebhookEvent.READER_COMPLAINED, BOUNCED: WebhookEvent.READER_BOUNCED}

Told = tuple[WebhookEvent, int, Mapping[str, Any]]
"""An event, the number of the reader whom it is about (0: nobody), and its data."""


class State(StrEnum):
    """What became of a notice; one that failed was refused for days, while others were taken."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event as one webhook is told it; `since` is when it was first tried, 0 before."""

    id: int
    webhook: str
    message: str
    event: str
    reader: int
    data: Mapping[str, Any]
    at: str
    state: State
    due_at: float
    since: float
    attempts: int
    detail: str
    ended_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands with a webhook; moments in seconds since 1970, 0 before they come."""

    name: str
    failures: int = 0
    failing_since: float = 0.0
    free_at: float = 0.0
    paused_at: str = ""
    paused_by: str = ""
    reason: str = ""


def listen(engine: Engine, wanted: Mapping[WebhookEvent, Collection[str]]) -> None:
    """Set which webhooks, by name, want each event; transactions that begin later tell them."""
    engine.update_execution_options(**{_OPTION: wanted})


def _wanted(connection: Connection) -> Mapping[WebhookEvent, Collection[str]]:
    found: Mapping[WebhookEvent, Collection[str]] = connection.get_execution_options().get(_OPTION) or {}
    return found


def put_choices(
    connection: Connection, changes: Iterable[tuple[int, Choices, Choices]], now: datetime
) -> None:
    """Tell who joined, left or chose other sections, of (subscriber, before, after)."""
    if _wanted(connection):
        _put(connection, [one for change in changes for one in _of_choices(*change)], now)


def _of_choices(number: int, before: Choices, after: Choices) -> Iterable[Told]:
    was, wants = wanted_of(before), wanted_of(after)
    if was == wants:
        return
    if not wants:
        yield WebhookEvent.READER_LEFT, number, {"reader": number}
        return
    event = WebhookEvent.READER_SECTIONS if was else WebhookEvent.READER_JOINED
    yield event, number, {"reader": number, "sections": sorted(wants)}


def put_suppressed(connection: Connection, found: Iterable[tuple[int, str]], now: datetime) -> None:
    """Tell of subscribers who get no more mail, where the reason is that they bounced or complained."""
    if _wanted(connection):
        told = [
            (event, number, {"reader": number})
            for number, reason in found
            for word, event in _REASONS.items()
            if reason.startswith(word)
        ]
        _put(connection, told, now)


def put_erased(connection: Connection, number: int, now: datetime) -> None:
    """Forget what was told of an erased subscriber, and tell that they left for good."""
    connection.execute(delete(notice).where(notice.c.reader == number))
    _put(connection, [(WebhookEvent.READER_LEFT, number, {"reader": number, "erased": True})], now)


def put_issue(  # noqa: PLR0913, PLR0917  the facts about an issue
    connection: Connection, event: WebhookEvent, name: str, moment: str, readers: int, now: datetime
) -> None:
    """Tell of issue `name`; a second notice of the same event and `moment` has the id of the first."""
    told: list[Told] = [(event, 0, {"issue": name, "readers": readers})]
    digest = sha256(f"{event} {name} {moment}".encode()).hexdigest()
    _put(connection, told, now, message=f"msg_{digest[:32]}")


def _put(connection: Connection, told: Sequence[Told], now: datetime, message: str = "") -> None:
    wanted, at = _wanted(connection), timestamp(now)
    batch = f"msg_{token_hex(12)}"  # ids in a row are quicker to index than ids at random
    rows: list[dict[str, Any]] = []
    for place, (event, reader, data) in enumerate(told):
        rows += (
            {
                "webhook": name,
                "message": message or f"{batch}{place:06x}",
                "event": event.value,
                "reader": reader,
                "data": data,
                "at": at,
                "state": State.WAITING.value,
                "due_at": 0.0,
                "since": 0.0,
                "attempts": 0,
                "detail": "",
                "ended_at": "",
            }
            for name in wanted.get(event, ())
        )
    if rows:
        insert_new(connection, notice, rows)


def due(connection: Connection, name: str, now: float, limit: int, *, failing: bool) -> list[Notice]:
    """Return the first notices that webhook `name` is to be told at `now`, in seconds since 1970.

    One that is `failing` gets those first that it has not refused yet: it may take all but one.
    """
    waiting = select(notice).where(
        notice.c.webhook == name, notice.c.state == State.WAITING, notice.c.due_at <= now
    )
    order = (notice.c.due_at, notice.c.id) if failing else (notice.c.id,)
    query = waiting.order_by(*order).limit(limit)
    return [_notice(row) for row in connection.execute(query).mappings()]


def listed(connection: Connection, name: str, state: State | None, limit: int) -> list[Notice]:
    """Return the newest notices of a webhook, of any state or of one."""
    query = select(notice).where(notice.c.webhook == name).order_by(notice.c.id.desc()).limit(limit)
    rows = connection.execute(query if state is None else query.where(notice.c.state == state))
    return [_notice(row) for row in rows.mappings()]


def _notice(row: Any) -> Notice:
    return Notice(**{**row, "state": State(row["state"])})


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many notices there are by webhook and state."""
    query = select(notice.c.webhook, notice.c.state, func.count()).group_by(notice.c.webhook, notice.c.state)
    return {(name, state): number for name, state, number in connection.execute(query)}


def standings(connection: Connection, names: Collection[str]) -> dict[str, Standing]:
    """Return how it stands with each of the webhooks `names`."""
    rows = connection.execute(select(webhook).where(webhook.c.name.in_(names))).mappings()
    known = {row["name"]: Standing(**row) for row in rows}
    return {name: known.get(name) or Standing(name=name) for name in names}


def put_standing(connection: Connection, standing: Standing) -> None:
    """Store how it stands with a webhook."""
    values = {name: getattr(standing, name) for name in webhook.c.keys()}  # noqa: SIM118  its columns
    new = upsert(connection, webhook).values(values)
    connection.execute(new.on_conflict_do_update(index_elements=[webhook.c.name], set_=values))


def delivered(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """Record that a webhook took these notices."""
    values = {"state": State.DELIVERED, "attempts": notice.c.attempts + 1, "ended_at": timestamp(now)}
    connection.execute(update(notice).where(notice.c.id.in_(numbers)).values(values))


def refused(connection: Connection, one: Notice, detail: str, now: datetime, due_at: float | None) -> None:
    """Record that a webhook did not take a notice; it is tried again at `due_at`, or never."""
    values: dict[str, Any] = {
        "attempts": one.attempts + 1,
        "since": one.since or now.timestamp(),
        "detail": detail,
    }
    if due_at is None:
        values |= {"state": State.FAILED, "ended_at": timestamp(now)}
    else:
        values["due_at"] = due_at
    connection.execute(update(notice).where(notice.c.id == one.id).values(values))


def replay(connection: Connection, name: str, which: Sequence[ColumnElement[bool]]) -> int:
    """Let the notices of a webhook that meet all conditions be posted anew, now; return how many."""
    fresh = {"state": State.WAITING, "due_at": 0.0, "since": 0.0, "attempts": 0, "ended_at": ""}
    return connection.execute(update(notice).where(notice.c.webhook == name, *which).values(fresh)).rowcount


def too_old(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for notices of what happened long ago."""
    return notice.c.at <= timestamp(now - KEPT)
