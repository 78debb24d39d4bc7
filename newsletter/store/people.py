"""Subscribers: stream them, look them up, lock them, and change, unsubscribe or suppress one."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)

from newsletter.model import Subscriber, SubscriberStatus, SubscriptionState
from newsletter.store import notices
from newsletter.store.bulk import insert_new, one_of
from newsletter.store.choices import Choice, Choices, Origin, by_leaving
from newsletter.store.db import timestamp
from newsletter.store.mailbox import canonical
from newsletter.store.schema import subscriber, subscription

_BATCH = 1000

_ACTIVE = and_(
    subscription.c.subscriber == subscriber.c.id, subscription.c.state == SubscriptionState.ACTIVE.value
)
IS_READER = and_(
    subscriber.c.status == SubscriberStatus.ACTIVE.value, exists().where(_ACTIVE).correlate(subscriber)
)
"""SQL condition for a reader: a subscriber who is not suppressed and has an active choice."""

_SECTIONS = (
    select(func.aggregate_strings(subscription.c.section, ","))
    .where(
        subscription.c.subscriber == subscriber.c.id,
        or_(
            subscription.c.state == SubscriptionState.ACTIVE.value,
            # paused choices that have ended, but that `end_pauses` has not made active yet
            and_(
                subscription.c.state == SubscriptionState.PAUSED.value,
                subscription.c.until != "",
                subscription.c.until <= bindparam("today"),
            ),
        ),
    )
    .correlate(subscriber)
).scalar_subquery()
_STREAM = (
    select(
        subscriber.c.id,
        subscriber.c.email,
        subscriber.c.name,
        subscriber.c.language,
        subscriber.c.attributes,
        _SECTIONS,
    )
    # The same as IS_READER; but PostgreSQL turns EXISTS into a join that reads every choice for each
    # subscriber, as long as it has no statistics of a list that was just imported.
    .where(subscriber.c.status == SubscriberStatus.ACTIVE.value, _SECTIONS.is_not(None))
    .order_by(subscriber.c.id)
)
_WITH_NUMBER = select(subscriber).where(subscriber.c.id == bindparam("these"))
_WITH_KEYS = select(subscriber).where(one_of(subscriber.c.email_key, "these"))
_WITH_MAILBOXES = select(subscriber).where(one_of(subscriber.c.mailbox, "these"))
_WITH_EITHER = select(subscriber).where(
    or_(subscriber.c.email_key == bindparam("key"), subscriber.c.id == bindparam("number"))
)
_CHOICES = select(
    subscription.c.subscriber,
    subscription.c.section,
    subscription.c.state,
    subscription.c.origin,
    subscription.c.until,
).where(one_of(subscription.c.subscriber, "these"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A subscriber's row with their choices, whether they get mail or not."""

    id: int = 0
    email: str
    name: str = ""
    language: str = ""
    attributes: Mapping[str, str]
    status: SubscriberStatus = SubscriberStatus.ACTIVE
    reason: str = ""
    source: str = ""
    created_at: str = ""
    choices: Choices


def key(email: str) -> str:
    """Return the casefolded address, by which subscribers are unique."""
    return email.casefold()


def readers(
    connection: Connection, where: ColumnElement[bool] | None = None, *, today: date | None = None
) -> Iterator[Subscriber]:
    """Stream the active subscribers with an active choice, ordered by id, in constant memory.

    With `today`, a pause that runs until that day or an earlier one counts as ended.
    """
    for number, email, name, language, attributes, chosen in connection.execute(
        _STREAM.where(true() if where is None else where),
        {"today": today.isoformat() if today else ""},
        execution_options={"yield_per": _BATCH},
    ):
        yield Subscriber(
            id=number,
            email=email,
            name=name,
            language=language,
            attributes=attributes,
            sections=_sections(chosen),
        )


def reader(connection: Connection, email: str) -> Subscriber | None:
    """Return the reader with this address, or None, also for a known subscriber who gets no mail."""
    return next(readers(connection, subscriber.c.email_key == key(email)), None)


@lru_cache(maxsize=4096)
def _sections(chosen: str) -> frozenset[str]:
    return frozenset(chosen.split(","))


def mentions(words: str) -> ColumnElement[bool]:
    """Return the SQL condition for subscribers with `words` in address or name, in any case.

    SQLite ignores case in ASCII letters only, so a name is compared in each usual case.
    """
    cases = {words, words.lower(), words.upper(), words.title(), words.capitalize()}
    return or_(
        subscriber.c.email_key.contains(words.casefold(), autoescape=True),
        *(subscriber.c.name.contains(case, autoescape=True) for case in sorted(cases)),
    )


def listed(
    connection: Connection, where: Sequence[ColumnElement[bool]], *, after: int, limit: int
) -> list[Record]:
    """Return a page of the subscribers that meet all conditions, numbered above `after`, in order."""
    query = select(subscriber).where(subscriber.c.id > after, *where).order_by(subscriber.c.id).limit(limit)
    return _records(connection, query, {}, for_update=False)


def count(connection: Connection, where: Sequence[ColumnElement[bool]]) -> int:
    """Return how many subscribers meet all conditions, whether they get mail or not."""
    return connection.execute(select(func.count()).select_from(subscriber).where(*where)).scalar_one()


def count_readers(connection: Connection, where: ColumnElement[bool] | None = None) -> int:
    """Return how many subscribers `readers` would stream."""
    query = select(func.count()).select_from(subscriber).where(IS_READER, true() if where is None else where)
    return connection.execute(query).scalar_one()


def find(connection: Connection, email: str) -> Record | None:
    """Return the subscriber with this address, or None."""
    return find_all(connection, [key(email)]).get(key(email))


def lock(
    connection: Connection, email: str, number: int | None = None
) -> tuple[Record | None, Record | None]:
    """Lock an address, even an unused one, and subscriber `number`; return (who has the address, subscriber).

    To avoid deadlocks, locks are taken in one order everywhere: a request, an address (an advisory lock),
    subscribers by number, and then the rows that belong to them.
    """
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key(email), 0))))
    found = _records(connection, _WITH_EITHER, {"key": key(email), "number": number}, for_update=True)
    by_address = next((one for one in found if key(one.email) == key(email)), None)
    return by_address, next((one for one in found if one.id == number), None)


def find_all(connection: Connection, keys: Collection[str], *, for_update: bool = False) -> dict[str, Record]:
    """Return the subscribers with these address keys, by key; `for_update` locks them in order of id."""
    records = _records(connection, _WITH_KEYS, {"these": list(keys)}, for_update=for_update)
    return {key(found.email): found for found in records}


def find_mailboxes(connection: Connection, emails: Collection[str]) -> dict[str, list[Record]]:
    """Return the subscribers at the mailboxes of `emails` in any spelling, by canonical form."""
    forms = {canonical(email) for email in emails}
    found: dict[str, list[Record]] = {}
    for record in _records(connection, _WITH_MAILBOXES, {"these": list(forms)}, for_update=False):
        found.setdefault(canonical(record.email), []).append(record)
    return found


def get(connection: Connection, number: int, *, for_update: bool = False) -> Record | None:
    """Return subscriber `number`, or None; `for_update` locks the row until the transaction ends."""
    return next(iter(_records(connection, _WITH_NUMBER, {"these": number}, for_update=for_update)), None)


def _records(
    connection: Connection, query: Select[Any], values: Mapping[str, object], *, for_update: bool
) -> list[Record]:
    if for_update:
        query = query.order_by(subscriber.c.id).with_for_update()
    rows = connection.execute(query, values).all()
    choices = _choices(connection, [row.id for row in rows])
    return [
        Record(
            id=row.id,
            email=row.email,
            name=row.name,
            language=row.language,
            attributes=row.attributes,
            status=SubscriberStatus(row.status),
            reason=row.reason,
            source=row.source,
            created_at=row.created_at,
            choices=choices[row.id],
        )
        for row in rows
    ]


def _choices(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, Choice]]:
    found: dict[int, dict[str, Choice]] = {number: {} for number in numbers}
    for number, section, state, origin, until in connection.execute(_CHOICES, {"these": numbers}):
        found[number][section] = _choice(state, origin, until)
    return found


@cache
def _choice(state: str, origin: str, until: str) -> Choice:
    return Choice(SubscriptionState(state), Origin(origin), until)


def replace_choices(
    connection: Connection, changes: Iterable[tuple[int, Choices, Choices]], now: datetime
) -> None:
    """Write the differences between old and new choices, for each (subscriber, before, after).

    Webhooks are told who joined, left or chose other sections.
    """
    changes = list(changes)
    notices.put_choices(connection, changes, now)
    at = timestamp(now)
    gone: list[dict[str, int | str]] = []
    fresh: list[dict[str, int | str]] = []
    for number, before, after in changes:
        gone += (
            {"_subscriber": number, "_section": section}
            for section, choice in before.items()
            if after.get(section) != choice
        )
        fresh += (
            {
                "subscriber": number,
                "section": section,
                "state": choice.state.value,
                "origin": choice.origin.value,
                "until": choice.until,
                "changed_at": at,
            }
            for section, choice in after.items()
            if before.get(section) != choice
        )
    if gone:
        one = tuple_(subscription.c.subscriber, subscription.c.section)
        connection.execute(
            delete(subscription).where(one == tuple_(bindparam("_subscriber"), bindparam("_section"))), gone
        )
    if fresh:
        insert_new(connection, subscription, fresh)


def change(connection: Connection, before: Record, after: Record, now: datetime) -> bool:
    """Write the differences in address, name, language, attributes and choices; False if there are none.

    The caller has locked `before`, and has made sure that nobody else has the new address.
    """
    values = {
        name: getattr(after, name)
        for name in ("email", "name", "language", "attributes")
        if getattr(after, name) != getattr(before, name)
    }
    if "email" in values:
        values |= {"email_key": key(after.email), "mailbox": canonical(after.email)}
    if values:
        connection.execute(
            update(subscriber).where(subscriber.c.id == before.id).values(**values, changed_at=timestamp(now))
        )
    replace_choices(connection, [(before.id, before.choices, after.choices)], now)
    return bool(values) or after.choices != before.choices


def leave(
    connection: Connection,
    number: int,
    sections: Collection[str],
    optional: Collection[str],
    now: datetime,
) -> bool:
    """Unsubscribe subscriber `number` from `sections`, or from everything when none is named.

    `optional` are the sections that can be left. Return False when nothing changed.
    """
    held = connection.execute(select(subscriber.c.id).where(subscriber.c.id == number).with_for_update())
    if held.one_or_none() is None:
        return False
    before = _choices(connection, [number])[number]
    after = by_leaving(before, sections, optional)
    replace_choices(connection, [(number, before, after)], now)
    return after != before


def suppress(connection: Connection, email: str, reason: str, now: datetime) -> bool:
    """Suppress an address, which stops all mail to it; False when it is unknown or already suppressed."""
    done = connection.execute(
        update(subscriber)
        .where(
            subscriber.c.email_key == key(email),
            subscriber.c.status == SubscriberStatus.ACTIVE.value,
        )
        .values(status=SubscriberStatus.SUPPRESSED.value, reason=reason, changed_at=timestamp(now))
    )
    return done.rowcount == 1


def ended_pauses(connection: Connection, today: date) -> list[int]:
    """Return the ids of subscribers with a pause that ends on `today` or earlier, in ascending order."""
    numbers = select(subscription.c.subscriber).where(*_ended(today)).distinct()
    return list(connection.execute(numbers.order_by(subscription.c.subscriber)).scalars())


def end_pauses(
    connection: Connection, today: date, now: datetime, among: Collection[int] | None = None
) -> int:
    """End the pauses that run until `today` or earlier, of all or only `among`; return how many."""
    numbers = ended_pauses(connection, today) if among is None else among
    whose = subscription.c.subscriber.in_(numbers)
    if connection.dialect.name == "postgresql":
        rows = select(subscriber.c.id).where(subscriber.c.id.in_(numbers)).order_by(subscriber.c.id)
        connection.execute(rows.with_for_update())
    change = (
        update(subscription)
        .where(whose, *_ended(today))
        .values(state=SubscriptionState.ACTIVE.value, until="", changed_at=timestamp(now))
    )
    return connection.execute(change).rowcount


def _ended(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        subscription.c.state == SubscriptionState.PAUSED.value,
        subscription.c.until != "",
        subscription.c.until <= today.isoformat(),
    )
