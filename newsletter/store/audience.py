"""The audience of a frozen issue: who gets which edition, in chunks that one worker sends at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from newsletter.model import Outcome
from newsletter.store.bulk import insert_new
from newsletter.store.people import mentions
from newsletter.store.schema import audience, chunk, delivery, edition, subscriber

SIZES = ((10_000, 200), (1_000_000, 1_000), (0, 2_000))
"""(most readers in the audience, readers in a chunk): taking a chunk costs the same whatever its size."""

_outcome = func.coalesce(delivery.c.state, "")
_MEMBER = (
    func.coalesce(subscriber.c.email, ""),
    audience.c.edition,
    _outcome,
    func.coalesce(delivery.c.code, 0),
    func.coalesce(delivery.c.detail, ""),
    func.coalesce(delivery.c.at, ""),
    func.coalesce(delivery.c.way, ""),
)
_COLUMNS = (audience.c.subscriber, func.coalesce(subscriber.c.name, ""), *_MEMBER)
_MEMBERS = audience.outerjoin(subscriber, subscriber.c.id == audience.c.subscriber).outerjoin(
    delivery, and_(delivery.c.issue == audience.c.issue, delivery.c.subscriber == audience.c.subscriber)
)


def put(connection: Connection, name: str, rows: list[tuple[int, str]]) -> None:
    """Insert (subscriber, edition) rows into the audience of issue `name`."""
    if rows:
        columns = [{"issue": name, "subscriber": number, "edition": key} for number, key in rows]
        insert_new(connection, audience, columns)


def not_in(name: str) -> ColumnElement[bool]:
    """Return the SQL condition for subscribers outside the audience of issue `name`."""
    return ~exists().where(audience.c.issue == name, audience.c.subscriber == subscriber.c.id)


def edition_readers(connection: Connection, name: str) -> dict[str, tuple[tuple[str, ...], int]]:
    """Return each edition's sections and number of readers, the largest first."""
    readers = func.count(audience.c.subscriber)
    rows = connection.execute(
        select(edition.c.key, edition.c.sections, readers)
        .join(audience, (audience.c.issue == edition.c.issue) & (audience.c.edition == edition.c.key))
        .where(edition.c.issue == name)
        .group_by(edition.c.issue, edition.c.key)
        .order_by(readers.desc(), edition.c.key)
    )
    return {key: (tuple(sections), count) for key, sections, count in rows}


@dataclass(frozen=True, slots=True)
class Member:
    """A reader of a frozen issue: their edition, and the outcome of their message.

    The address is empty if the person was erased since. While the message is pending, `state` is empty, and
    so are code, detail, time, and the `way` by which it left.
    """

    email: str
    edition: str
    state: str
    code: int
    detail: str
    at: str
    way: str = ""


def members(
    connection: Connection, name: str, where: ColumnElement[bool] | None = None, state: str | None = None
) -> Iterator[Member]:
    """Stream the audience of issue `name`; with `state`, only members whose message is in that state."""
    rows = connection.execute(
        select(*_MEMBER)
        .select_from(_MEMBERS)
        .where(audience.c.issue == name, true() if where is None else where)
        .where(true() if state is None else _outcome == state)
        .order_by(audience.c.subscriber),
        execution_options={"yield_per": 1000},
    )
    return (Member(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A reader of a frozen issue as lists show them: subscriber number, name, and what `Member` has."""

    number: int
    name: str
    member: Member


def recipients(  # noqa: PLR0913  what is asked for, and which page of it
    connection: Connection,
    name: str,
    *,
    words: str = "",
    state: str | None = None,
    edition: str = "",
    after: int = 0,
    limit: int,
) -> list[Recipient]:
    """Return a page of the audience of issue `name`: those numbered above `after`, at most `limit`.

    `words` are looked for in address and name; `state` "" selects those whose message is pending.
    """
    rows = connection.execute(
        _page(*_COLUMNS, name=name, words=words, state=state, edition=edition)
        .where(audience.c.subscriber > after)
        .order_by(audience.c.subscriber)
        .limit(limit)
    )
    return [Recipient(number, known, Member(*rest)) for number, known, *rest in rows]


def count_recipients(
    connection: Connection, name: str, *, words: str = "", state: str | None = None, edition: str = ""
) -> int:
    """Return how many readers `recipients` would return in all."""
    query = _page(func.count(), name=name, words=words, state=state, edition=edition)
    found: int = connection.execute(query).scalar_one()
    return found


def count_members(connection: Connection, name: str, where: ColumnElement[bool]) -> int:
    """Return how many readers of the audience of issue `name` meet a condition over subscribers."""
    query = select(func.count()).select_from(_MEMBERS).where(audience.c.issue == name, where)
    return connection.execute(query).scalar_one()


def _page(
    *columns: ColumnElement[Any], name: str, words: str, state: str | None, edition: str
) -> Select[Any]:
    query = select(*columns).select_from(_MEMBERS).where(audience.c.issue == name)
    if words:
        query = query.where(mentions(words))
    if state is not None:
        query = query.where(_outcome == state)
    return query.where(audience.c.edition == edition) if edition else query


def waiting(connection: Connection, name: str, where: ColumnElement[bool] | None = None) -> dict[str, int]:
    """Return the number of readers without a final outcome by edition, the largest first."""
    number = func.count().label("readers")
    still = or_(delivery.c.state.is_(None), delivery.c.state == Outcome.DEFERRED)
    rows = connection.execute(
        select(audience.c.edition, number)
        .select_from(_MEMBERS)
        .where(audience.c.issue == name, still, true() if where is None else where)
        .group_by(audience.c.edition)
        .order_by(number.desc(), audience.c.edition)
    )
    return {row.edition: row.readers for row in rows}


def next_epoch(connection: Connection) -> int:
    """Return an epoch (fencing token) higher than that of any existing chunk.

    SQLite may give a new chunk the id of a deleted one, which a worker may still hold.
    """
    return (connection.execute(select(func.max(chunk.c.epoch))).scalar_one() or 0) + 1


def put_chunks(connection: Connection, name: str, readers: Sequence[int], epoch: int = 0) -> None:
    """Split the audience of issue `name`, in ascending order, into chunks of consecutive subscribers."""
    size = _size(len(readers))
    starts = range(0, len(readers), size)
    bounds = ((readers[at], readers[min(at + size, len(readers)) - 1]) for at in starts)
    _put_bounds(connection, name, bounds, epoch)


def extend_chunks(connection: Connection, name: str, fresh: Iterable[int]) -> None:
    """Reopen the chunks of issue `name` that cover new subscribers, and add chunks for all other new ones."""
    known = connection.execute(
        select(chunk.c.id, chunk.c.lo, chunk.c.hi).where(chunk.c.issue == name).order_by(chunk.c.lo)
    ).all()
    numbers = sorted(fresh)
    again: set[int] = set()
    beyond = []
    position = 0
    for number in numbers:
        while position < len(known) and known[position].hi < number:
            position += 1
        if position < len(known) and known[position].lo <= number:
            again.add(known[position].id)
        else:
            beyond.append((number, position))
    for one in again:
        connection.execute(
            update(chunk).where(chunk.c.id == one, chunk.c.done == 1).values(done=0, lease_until=0.0)
        )
    _put_bounds(connection, name, _between(beyond, _size(len(numbers))), next_epoch(connection))


def _between(numbers: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of runs of at most `size` numbers, none of which spans an existing chunk."""
    for _, members in groupby(numbers, key=itemgetter(1)):
        run = [number for number, _ in members]
        for start in range(0, len(run), size):
            part = run[start : start + size]
            yield part[0], part[-1]


def _size(readers: int) -> int:
    return next(size for limit, size in SIZES if readers <= limit or limit == 0)


def _put_bounds(connection: Connection, name: str, bounds: Iterable[tuple[int, int]], epoch: int) -> None:
    if rows := [{"issue": name, "lo": lo, "hi": hi, "epoch": epoch} for lo, hi in sorted(bounds)]:
        connection.execute(insert(chunk), rows)
