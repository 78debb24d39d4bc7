"""Corrections of items after their issue was sent: their dated notes, and who has the item as it was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, or_, select, update

from newsletter.model import Outcome
from newsletter.store.people import IS_READER
from newsletter.store.schema import audience, correction, delivery, edition_items, item, subscriber

_HAS_IT = (Outcome.ACCEPTED.value, Outcome.UNKNOWN.value)
"""Who may have the message: where the answer was lost it may have arrived, and the letter does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the archive says of a correction: when (UTC), why, and whether the item was taken back."""

    anchor: str
    at: str
    reason: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction(Note):
    """One correction of an issue, by whom, and the name of the letter that tells of it, if there is one."""

    issue: str
    number: int
    by: str
    letter: str = ""


def put(connection: Connection, made: Correction, *, before: object, fingerprint: str) -> None:
    """Store a correction, with the item and the issue's fingerprint as they were before."""
    connection.execute(
        insert(correction).values(
            issue=made.issue,
            number=made.number,
            anchor=made.anchor,
            at=made.at,
            by=made.by,
            reason=made.reason,
            withdrawn=int(made.withdrawn),
            before=before,
            fingerprint=fingerprint,
            letter=made.letter,
        )
    )


def of_issue(connection: Connection, name: str) -> list[Correction]:
    """Return the corrections of issue `name`, the oldest first."""
    rows = connection.execute(
        select(correction).where(correction.c.issue == name).order_by(correction.c.number)
    )
    return [
        Correction(
            issue=row.issue,
            number=row.number,
            anchor=row.anchor,
            at=row.at,
            by=row.by,
            reason=row.reason,
            withdrawn=bool(row.withdrawn),
            letter=row.letter,
        )
        for row in rows
    ]


def notes(connection: Connection, names: Iterable[str]) -> dict[tuple[str, str], list[Note]]:
    """Return the notes of the issues `names` by issue and item, the oldest first."""
    found: dict[tuple[str, str], list[Note]] = {}
    for row in connection.execute(
        select(
            correction.c.issue,
            correction.c.anchor,
            correction.c.at,
            correction.c.reason,
            correction.c.withdrawn,
        )
        .where(correction.c.issue.in_(list(names)))
        .order_by(correction.c.issue, correction.c.number)
    ):
        found.setdefault((row.issue, row.anchor), []).append(_note(row))
    return found


def _note(row: Any) -> Note:
    return Note(anchor=row.anchor, at=row.at, reason=row.reason, withdrawn=bool(row.withdrawn))


@dataclass(frozen=True, slots=True)
class OfItem:
    """A note with the item's title as it was; `public` tells whether the archive shows the item."""

    title: str
    note: Note
    public: bool


def in_copy(connection: Connection, name: str, edition: str, anchors: Sequence[str]) -> list[OfItem]:
    """Return the notes of what was corrected in an edition after it was made, the oldest first.

    `anchors` are those of the items of issue `name`, in its order.
    """
    rows = connection.execute(
        select(correction, edition_items.c.places, item.c.id.label("public"))
        .join(edition_items, edition_items.c.issue == correction.c.issue)
        .outerjoin(item, and_(item.c.issue == correction.c.issue, item.c.anchor == correction.c.anchor))
        .where(
            correction.c.issue == name,
            edition_items.c.edition == edition,
            edition_items.c.correction < correction.c.number,
        )
        .order_by(correction.c.number)
    )
    return [
        OfItem(row.before["title"], _note(row), row.public is not None)
        for row in rows
        if f",{anchors.index(row.anchor)}," in row.places
    ]


def tell(connection: Connection, name: str, numbers: Sequence[int], letter: str) -> None:
    """Record that `letter` tells of these corrections of issue `name`."""
    mine = correction.c.issue == name, correction.c.number.in_(numbers)
    connection.execute(update(correction).where(*mine).values(letter=letter))


@dataclass(frozen=True, slots=True)
class Version:
    """The item at `place` of an `issue` as it was before its correction number `before`."""

    issue: str
    place: int
    before: int


def count_had(connection: Connection, version: Version) -> tuple[int, int]:
    """Return how many readers have an item in this version, and how many will still get it.

    For those the issue's message has not left, or was deferred.
    """
    waits = or_(delivery.c.state.is_(None), delivery.c.state == Outcome.DEFERRED)
    had, waiting = connection.execute(
        _with(version).add_columns(
            func.count().filter(and_(delivery.c.state.in_(_HAS_IT), IS_READER)),
            func.count().filter(and_(waits, IS_READER)),
        )
    ).one()
    return had, waiting


def who_had(connection: Connection, version: Version) -> Sequence[int]:
    """Return the readers who have an item in this version, ascending."""
    chosen = (
        _with(version)
        .add_columns(audience.c.subscriber)
        .where(delivery.c.state.in_(_HAS_IT), IS_READER)
        .order_by(audience.c.subscriber)
    )
    return connection.execute(chosen).scalars().all()


def _with(version: Version) -> Select[tuple[()]]:
    """Return a SELECT, yet without columns, from the readers whose edition shows an item in this version."""
    joined = (
        audience.join(
            edition_items,
            and_(edition_items.c.issue == audience.c.issue, edition_items.c.edition == audience.c.edition),
        )
        .join(subscriber, subscriber.c.id == audience.c.subscriber)
        .outerjoin(
            delivery,
            and_(delivery.c.issue == audience.c.issue, delivery.c.subscriber == audience.c.subscriber),
        )
    )
    return (
        select()
        .select_from(joined)
        .where(
            audience.c.issue == version.issue,
            edition_items.c.correction < version.before,
            edition_items.c.places.contains(f",{version.place},", autoescape=True),
        )
    )
