"""Taking people in from a list: what each line changes, decided for a batch and then written.

A list never brings back who left everything, was suppressed or was erased: such lines are refused.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import Connection, bindparam, exists, func, select, update

from newsletter.links import Signer
from newsletter.model import EVERY_SECTION, SubscriberStatus
from newsletter.store.bulk import insert_new
from newsletter.store.choices import Choices, by_list, has_left
from newsletter.store.db import timestamp
from newsletter.store.mailbox import canonical
from newsletter.store.people import Record, find_all, key, replace_choices
from newsletter.store.schema import erased, subscriber, subscription

_ALL = frozenset({EVERY_SECTION})
_LISTS = 0x6C69_7374  # "list": the advisory lock of whoever inserts many people on PostgreSQL


class Fate(StrEnum):
    """What became of a line."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a line says of one person: None where it is silent; an empty attribute takes a value away."""

    line: int = 0
    email: str
    name: str | None = None
    language: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    sections: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What an entry makes of a person: `before` is None for a new one, `after` when it is refused.

    They are the same object when the entry changes nothing.
    """

    entry: Entry
    before: Record | None
    after: Record | None
    refusal: str = ""

    @property
    def fate(self) -> Fate:
        """What becomes of the line."""
        if self.after is None:
            return Fate.REFUSED
        if self.before is None:
            return Fate.NEW
        return Fate.UNCHANGED if self.before is self.after else Fate.CHANGED


def decide(
    connection: Connection,
    entries: Sequence[Entry],
    optional: Collection[str],
    signer: Signer,
    *,
    lock: bool = True,
) -> list[Decision]:
    """Decide entries of different addresses; `optional` are the sections that a reader can leave.

    With `lock` the people they know are locked until the end of the transaction.
    """
    known = find_all(connection, [key(entry.email) for entry in entries], for_update=lock)
    gone = _erased(connection, [entry.email for entry in entries if key(entry.email) not in known], signer)
    return [
        _decide(entry, known.get(key(entry.email)), optional)
        if entry.email not in gone
        else Decision(entry, None, None, "was erased for good")
        for entry in entries
    ]


def _erased(connection: Connection, emails: Sequence[str], signer: Signer) -> set[str]:
    digests = {signer.digest(key(email)): email for email in emails}
    found = connection.execute(select(erased.c.digest).where(erased.c.digest.in_(digests))).scalars()
    return {digests[digest] for digest in found}


def _decide(entry: Entry, before: Record | None, optional: Collection[str]) -> Decision:
    if before is None:
        return Decision(entry, None, _new(entry))
    if before.status == SubscriberStatus.SUPPRESSED:
        return Decision(entry, before, None, f"is suppressed ({before.reason})")
    if has_left(before.choices):
        return Decision(entry, before, None, "has left every section they had")
    return Decision(entry, before, _changed(before, entry, optional))


def _new(entry: Entry) -> Record:
    return Record(
        email=entry.email,
        name=entry.name or "",
        language=entry.language or "",
        attributes={name: value for name, value in entry.attributes.items() if value},
        choices=_first(entry.sections or _ALL),
    )


@lru_cache(maxsize=4096)
def _first(sections: frozenset[str]) -> Choices:
    return by_list({}, sections, ())


def _changed(before: Record, entry: Entry, optional: Collection[str]) -> Record:
    attributes = {**before.attributes, **entry.attributes}
    after = replace(
        before,
        name=before.name if entry.name is None else entry.name,
        language=before.language if entry.language is None else entry.language,
        attributes={name: value for name, value in attributes.items() if value},
        choices=before.choices
        if entry.sections is None
        else by_list(before.choices, entry.sections, optional),
    )
    return before if after == before else after


def write(connection: Connection, decisions: Sequence[Decision], source: str, now: datetime) -> None:
    """Write what was decided in the same transaction; `source` says where new people's consent came from."""
    new = [d.after for d in decisions if d.after and d.before is None]
    changed = [(d.before, d.after) for d in decisions if d.after and d.before and d.after is not d.before]
    if new:
        _insert(connection, new, source, now)
    if changed:
        _update(connection, [after for _, after in changed], now)
    changed.sort(key=lambda pair: pair[0].id)  # as everywhere, so that two do not wait for each other
    replace_choices(
        connection, [(before.id, before.choices, after.choices) for before, after in changed], now
    )


def _insert(connection: Connection, people: Sequence[Record], source: str, now: datetime) -> None:
    at = timestamp(now)
    rows = [
        {
            "email": person.email,
            "email_key": key(person.email),
            "mailbox": canonical(person.email),
            "name": person.name,
            "language": person.language,
            "attributes": person.attributes,
            "status": person.status.value,
            "reason": person.reason,
            "source": source,
            "created_at": at,
            "changed_at": at,
        }
        for person in people
    ]
    choices = {row["email_key"]: person.choices for row, person in zip(rows, people, strict=True)}
    if connection.dialect.name == "postgresql" and len(rows) > 1:
        # Each new address waits for another transaction with the same one: two lists at once could so wait
        # for each other. One waits for the other's chunk instead.
        connection.execute(select(func.pg_advisory_xact_lock(_LISTS)))
    insert_new(connection, subscriber, rows)  # on PostgreSQL someone may have signed up since we looked
    found = connection.execute(
        select(subscriber.c.id, subscriber.c.email_key)
        .where(
            subscriber.c.email_key.in_(choices),
            ~exists().where(subscription.c.subscriber == subscriber.c.id),
        )
        .order_by(subscriber.c.id)
    )
    replace_choices(connection, [(number, {}, choices[email_key]) for number, email_key in found], now)


def _update(connection: Connection, people: Sequence[Record], now: datetime) -> None:
    connection.execute(
        update(subscriber)
        .where(subscriber.c.id == bindparam("_id"))
        .values(
            name=bindparam("_name"),
            language=bindparam("_language"),
            attributes=bindparam("_attributes", type_=subscriber.c.attributes.type),
            changed_at=timestamp(now),
        ),
        [
            {
                "_id": person.id,
                "_name": person.name,
                "_language": person.language,
                "_attributes": person.attributes,
            }
            for person in people
        ],
    )
