"""Split an audience into chunks, each of which one worker sends at a time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, func, insert, select, update

from newsletter.store.schema import chunk

SIZES = ((10_000, 200), (1_000_000, 1_000), (0, 2_000))
"""(most readers in the audience, readers in a chunk): taking a chunk costs the same whatever its size."""


def next_epoch(connection: Connection) -> int:
    """Return an epoch (fencing token) higher than that of any existing chunk.

    SQLite may give a new chunk the id of a deleted one, which a worker may still hold.
    """
    return (connection.execute(select(func.max(chunk.c.epoch))).scalar_one() or 0) + 1


def put(connection: Connection, name: str, readers: Sequence[int], epoch: int = 0) -> None:
    """Split the audience of issue `name`, in ascending order, into chunks of consecutive subscribers."""
    size = _size(len(readers))
    starts = range(0, len(readers), size)
    bounds = ((readers[at], readers[min(at + size, len(readers)) - 1]) for at in starts)
    _put(connection, name, bounds, epoch)


def extend(connection: Connection, name: str, fresh: Iterable[int]) -> None:
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
    _put(connection, name, _between(beyond, _size(len(numbers))), next_epoch(connection))


def _between(numbers: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of runs of at most `size` numbers, none of which spans an existing chunk."""
    for _, members in groupby(numbers, key=itemgetter(1)):
        run = [number for number, _ in members]
        for start in range(0, len(run), size):
            part = run[start : start + size]
            yield part[0], part[-1]


def _size(readers: int) -> int:
    return next(size for limit, size in SIZES if readers <= limit or limit == 0)


def _put(connection: Connection, name: str, bounds: Iterable[tuple[int, int]], epoch: int) -> None:
    if rows := [{"issue": name, "lo": lo, "hi": hi, "epoch": epoch} for lo, hi in sorted(bounds)]:
        connection.execute(insert(chunk), rows)
