"""Split long work into short write transactions, so that other writers wait only for a moment."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, select, tuple_

from newsletter.store.db import writing
from newsletter.store.locking import retry_conflicts

TARGET = 0.12
"""Seconds for which a batch should hold the write lock; on a slow machine or disk batches get smaller."""

_LEAST = 50
_REST = 0.003
"""Pause in seconds between batches on SQLite, whose lock has no queue: longer than the interval between
other writers' tries."""

_Row = TypeVar("_Row")
_T = TypeVar("_T")


class Batches:
    """Run batches of rows, each in its own transaction, and adapt the batch size to the time they take."""

    def __init__(self, engine: Engine, size: int = 1000, most: int = 10_000) -> None:
        self.engine = engine
        self.size = size
        self._most = most

    def run(self, rows: int, work: Callable[[Connection], _T]) -> _T:
        """Run `work` on so many rows in one transaction and return its result; retry after a deadlock."""

        def attempt() -> _T:
            with self._writing(rows) as connection:
                return work(connection)

        return retry_conflicts(attempt)

    def each(self, rows: Sequence[_Row], work: Callable[[Connection, Sequence[_Row]], object]) -> None:
        """Run `work` on all `rows`, batch by batch."""
        done = 0
        while done < len(rows):
            part = rows[done : done + self.size]
            self.run(len(part), lambda connection, part=part: work(connection, part))  # type: ignore[misc]
            done += len(part)

    def until_done(self, work: Callable[[Connection, int], int]) -> int:
        """Repeat `work`, passing the most rows it may change, until it changes fewer; return the total."""
        total = 0
        while True:
            size = self.size
            changed = self.run(size, lambda connection, size=size: work(connection, size))  # type: ignore[misc]
            total += changed
            if changed < size:
                return total

    def delete(
        self,
        table: Table,
        where: ColumnElement[bool],
        before: Callable[[Connection], object] = lambda _connection: None,
    ) -> int:
        """Delete the matching rows of `table`; return how many. `before` runs first in each transaction."""
        keys = tuple_(*table.primary_key.columns)
        some = select(*table.primary_key.columns).where(where)

        def delete_some(connection: Connection, most: int) -> int:
            before(connection)
            return connection.execute(delete(table).where(keys.in_(some.limit(most)))).rowcount

        return self.until_done(delete_some)

    @contextmanager
    def _writing(self, rows: int) -> Iterator[Connection]:
        with writing(self.engine) as connection:
            begun = time.monotonic()
            yield connection
        seconds = time.monotonic() - begun
        wanted = rows * TARGET / max(seconds, 0.001)
        self.size = round(min(max(wanted, _LEAST, self.size / 4), self.size * 2, self._most))
        if self.engine.dialect.name == "sqlite":
            time.sleep(_REST)
