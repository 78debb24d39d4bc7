"""Event reports on accepted messages (bounces, complaints, …): each is stored once, and processed later."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    Connection,
    Insert,
    Integer,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from newsletter.model import IssueState, Outcome, SubscriberStatus
from newsletter.store import notices
from newsletter.store.choices import BOUNCED, COMPLAINED
from newsletter.store.db import timestamp, upsert
from newsletter.store.requests import Kind as RequestKind
from newsletter.store.schema import audience, delivery, event, issue, request, subscriber


class Kind(StrEnum):
    """What a report says, or an editor did; the last two concern no reader and are not stored.

    An unverified report names a reader, but anybody may have written it: it is stored and has no effect.
    """

    DELIVERED = "delivered"
    HARD = "hard"
    SOFT = "soft"
    DELAYED = "delayed"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    RESTORED = "restored"
    UNVERIFIED = "unverified"
    AUTO_REPLY = "auto-reply"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One report; `code` is a status code (RFC 3463), `detail` the server's text with addresses masked."""

    id: str
    source: str
    kind: Kind
    subscriber: int
    issue: str
    code: str = ""
    detail: str = ""
    at: str


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one delivery that follows from a report."""

    issue: str
    subscriber: int
    outcome: Outcome
    code: int = 0
    detail: str = ""


_REPLACED = {
    Outcome.ACCEPTED: (Outcome.DEFERRED, Outcome.UNKNOWN),
    Outcome.BOUNCED: (Outcome.DEFERRED, Outcome.UNKNOWN, Outcome.ACCEPTED),
    Outcome.COMPLAINED: (Outcome.DEFERRED, Outcome.UNKNOWN, Outcome.ACCEPTED, Outcome.BOUNCED),
}
"""The outcomes that each outcome may replace: always weaker ones, so reports may arrive in any order."""

_MOVED = exists().where(
    request.c.subscriber == event.c.subscriber,
    request.c.kind == RequestKind.ADDRESS.value,
    request.c.agreed_at != "",
    request.c.confirmed_at != "",
    or_(request.c.agreed_at > issue.c.begun_at, request.c.confirmed_at > issue.c.begun_at),
)
_ABOUT_A_FORMER_ADDRESS = exists().where(issue.c.name == event.c.issue, _MOVED.correlate(event, issue))
"""SQL condition for events about an address that the reader has changed since the issue was started."""


_later = event.alias("later")
_BEFORE_A_RESTORING = exists().where(
    _later.c.subscriber == event.c.subscriber,
    _later.c.kind == Kind.RESTORED.value,
    _later.c.at >= event.c.at,
)
"""SQL condition for events from before an editor restored the reader."""


def put(connection: Connection, events: Iterable[Event]) -> int:
    """Insert the events that are not stored yet; return how many were new (idempotent)."""
    rows = {one.id: asdict(one) for one in events}
    if not rows:
        return 0
    fresh = upsert(connection, event).on_conflict_do_nothing().returning(event.c.id)
    return len(connection.execute(fresh, [rows[key] for key in sorted(rows)]).all())


def waiting(connection: Connection) -> bool:
    """Tell whether any events are still to be processed."""
    query = select(event.c.id).where(event.c.processed_at == "").limit(1)
    return connection.execute(query).first() is not None


def take(connection: Connection, limit: int) -> list[Event]:
    """Return up to `limit` events to process, locked for this transaction; locked ones are skipped."""
    columns = [column for column in event.c if column is not event.c.processed_at]
    query = select(*columns).where(event.c.processed_at == "").limit(limit)
    rows = connection.execute(query.with_for_update(skip_locked=True)).mappings()
    return [Event(**{**row, "kind": Kind(row["kind"])}) for row in rows]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A delivery that the relay refused permanently; `id` is the id for its event."""

    id: str
    issue: str
    subscriber: int
    code: int
    detail: str
    at: str


def refusals(connection: Connection, since: datetime) -> list[Refusal]:
    """Return refused deliveries without an event, of issues started after `since` and sent completely.

    While an issue is being sent or is paused, the cause may be a faulty relay.
    """
    name = literal("relay:") + delivery.c.issue + literal(":") + cast(delivery.c.subscriber, Text)
    columns = [delivery.c[column] for column in ("issue", "subscriber", "code", "detail", "at")]
    rows = connection.execute(
        select(name, *columns)
        .join(issue, issue.c.name == delivery.c.issue)
        .outerjoin(event, event.c.id == name)
        .where(
            issue.c.begun_at > timestamp(since),
            issue.c.state == IssueState.SENT.value,
            delivery.c.state == Outcome.REFUSED.value,
            event.c.id.is_(None),
        )
    )
    return [Refusal(*row) for row in rows]


def about_former_addresses(connection: Connection, events: Iterable[Event]) -> set[str]:
    """Return the ids of the events that are about an address which the reader has since changed."""
    query = select(event.c.id).where(event.c.id.in_([one.id for one in events]), _ABOUT_A_FORMER_ADDRESS)
    return set(connection.execute(query).scalars())


def before_a_restoring(connection: Connection, events: Iterable[Event]) -> set[str]:
    """Return the ids of the events from before an editor restored their reader."""
    query = select(event.c.id).where(event.c.id.in_([one.id for one in events]), _BEFORE_A_RESTORING)
    return set(connection.execute(query).scalars())


def soft(connection: Connection, readers: Collection[int]) -> list[Event]:
    """Return the soft bounces of `readers` that count: at their current address, and since any restoring."""
    columns = [column for column in event.c if column is not event.c.processed_at]
    query = select(*columns).where(
        event.c.subscriber.in_(readers),
        event.c.kind == Kind.SOFT.value,
        ~_ABOUT_A_FORMER_ADDRESS,
        ~_BEFORE_A_RESTORING,
    )
    return [Event(**{**row, "kind": Kind.SOFT}) for row in connection.execute(query).mappings()]


def change(connection: Connection, changes: Iterable[Change], now: datetime) -> None:
    """Apply changes to deliveries; a delivery that is not yet in the ledger is inserted (upsert)."""
    rows = [
        {
            "_issue": one.issue,
            "_subscriber": one.subscriber,
            "_state": one.outcome.value,
            "_code": one.code,
            "_detail": one.detail,
            "_at": timestamp(now),
        }
        for one in sorted(changes, key=lambda one: (one.issue, one.subscriber))
    ]
    for outcome in _REPLACED:
        if found := [row for row in rows if row["_state"] == outcome.value]:
            connection.execute(_changing(connection, outcome), found)


def _changing(connection: Connection, outcome: Outcome) -> Insert:
    told = select(
        audience.c.issue,
        audience.c.subscriber,
        bindparam("_state", type_=Text),
        literal_column("1"),
        bindparam("_code", type_=Integer),
        bindparam("_detail", type_=Text),
        bindparam("_at", type_=Text),
    ).where(audience.c.issue == bindparam("_issue"), audience.c.subscriber == bindparam("_subscriber"))
    columns = ["issue", "subscriber", "state", "attempt", "code", "detail", "at"]
    entry = upsert(connection, delivery)
    return entry.from_select(columns, told).on_conflict_do_update(
        index_elements=[delivery.c.issue, delivery.c.subscriber],
        set_={column: entry.excluded[column] for column in ("state", "code", "detail", "at")},
        where=or_(*(delivery.c.state == lesser.value for lesser in _REPLACED[outcome])),
    )


def suppress(connection: Connection, number: int, reason: str, now: datetime) -> bool:
    """Suppress subscriber `number`, which stops all mail to them; False when already suppressed.

    A complaint replaces a bounce as the reason.
    """
    replaced = subscriber.c.status == SubscriberStatus.ACTIVE.value
    if reason.startswith(COMPLAINED):
        replaced |= subscriber.c.reason.startswith(BOUNCED)
    done = connection.execute(
        update(subscriber)
        .where(subscriber.c.id == number, replaced)
        .values(status=SubscriberStatus.SUPPRESSED.value, reason=reason, changed_at=timestamp(now))
    )
    if done.rowcount == 1:
        notices.put_suppressed(connection, [(number, reason)], now)
    return done.rowcount == 1


def restore(connection: Connection, number: int, why: str, now: datetime) -> None:
    """Lift the suppression of subscriber `number`; earlier reports no longer count."""
    connection.execute(
        update(subscriber)
        .where(subscriber.c.id == number)
        .values(status=SubscriberStatus.ACTIVE.value, reason="", changed_at=timestamp(now))
    )
    told = Event(
        id=f"restored:{number}:{timestamp(now)}",
        source="editor",
        kind=Kind.RESTORED,
        subscriber=number,
        issue="",
        detail=why,
        at=timestamp(now),
    )
    put(connection, [told])
    finish(connection, [told], now)


def finish(connection: Connection, events: Iterable[Event], now: datetime) -> None:
    """Mark events as processed; those of kind DELIVERED are deleted, because the ledger records them."""
    ids = [one.id for one in events]
    connection.execute(delete(event).where(event.c.id.in_(ids), event.c.kind == Kind.DELIVERED.value))
    connection.execute(update(event).where(event.c.id.in_(ids)).values(processed_at=timestamp(now)))
