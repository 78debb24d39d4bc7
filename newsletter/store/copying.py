"""Copy a whole database into another one, of either kind, and compare the two table by table.

The target is written in one transaction, so an interrupted copy leaves nothing there. Until both databases
record which one is in use, a mark in `scheduler_instance` closes them: first the copy, then the original.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    StaticPool,
    Table,
    cast,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import REGCLASS

from newsletter.errors import Message, StateError, StoreError
from newsletter.model import IssueState
from newsletter.store.bulk import copy_in, insert_new
from newsletter.store.database_url import shown
from newsletter.store.db import ARRIVING, MOVED, plain_errors, reading, writing
from newsletter.store.locking import begin
from newsletter.store.schema import issue, metadata, picture, scheduler_instance

_BATCH = 2000
_LARGE = {picture.name: 20}
"""Rows at a time of tables with large rows."""
_BUSY = "Another program has the database open: stop `newsletter serve` and all workers first."

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Content:
    """Contents of a table: its number of rows, and the sum of their hashes, which ignores their order."""

    rows: int
    checksum: int


def count(engine: Engine) -> dict[str, int]:
    """Return the number of rows by table."""
    with reading(engine) as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def refuse_sending(engine: Engine) -> None:
    """Raise StateError while an issue is being sent."""
    with reading(engine) as connection:
        sending = select(issue.c.name).where(issue.c.state == IssueState.SENDING.value)
        if name := connection.execute(sending).scalar():
            raise StateError(
                Message("issue %(name)s is being sent", name=name),
                Message("Wait until it is sent, or: newsletter pause %(name)s", name=name),
            )


def copy(source: Engine, target: Engine, progress: Progress) -> dict[str, Content]:
    """Copy all of `source` to the empty `target`, then close `source`; return the contents by table.

    Raises StoreError when the target is not empty, another program uses the source, or the copy differs.
    """
    with plain_errors(source), plain_errors(target), _alone(source) as original:
        closed = _marks(original).get(MOVED)
        with writing(target) as connection:
            if closed and ARRIVING in _marks(connection):  # an earlier copy was interrupted at its end
                connection.execute(delete(scheduler_instance).where(scheduler_instance.c.place == ARRIVING))
                return {table.name: _content(connection, table) for table in metadata.sorted_tables}
            if closed:
                raise StoreError(
                    Message("the database was moved to %(closed)s", closed=closed),
                    "Copy that database instead.",
                )
            _wait_for_ever(connection)
            _refuse_content(connection)
            copied = {
                table.name: _copy_table(original, connection, table, progress)
                for table in metadata.sorted_tables
            }
            _set_counters(original, connection)
            connection.execute(
                insert(scheduler_instance).values(place=ARRIVING, starts=0, machine=shown(source.url))
            )
        original.execute(delete(scheduler_instance))
        original.execute(insert(scheduler_instance).values(place=MOVED, starts=0, machine=shown(target.url)))
        original.commit()
        with writing(target) as connection:
            connection.execute(delete(scheduler_instance).where(scheduler_instance.c.place == ARRIVING))
    return copied


def reopen(engine: Engine) -> None:
    """Remove the marks that close a database, because the operator goes on with this one."""
    with writing(engine) as connection:
        connection.execute(
            delete(scheduler_instance).where(scheduler_instance.c.place.in_([MOVED, ARRIVING]))
        )


@contextmanager
def _alone(source: Engine) -> Iterator[Connection]:
    """Yield a connection to the source while no other program can write to it. Raises StoreError."""
    connect = _alone_on_sqlite if source.dialect.name == "sqlite" else _alone_on_postgresql
    with connect(source) as connection:
        yield connection


@contextmanager
def _alone_on_sqlite(source: Engine) -> Iterator[Connection]:
    source.dispose()
    one = create_engine(source.url, poolclass=StaticPool)
    event.listen(one, "connect", _lock_file)
    event.listen(one, "begin", begin(0.5))
    try:
        with one.connect() as connection:
            try:
                connection.execute(select(1))
            except sqlite3.OperationalError:
                raise StoreError(
                    Message("the database %(database)s is in use", database=source.url.database), _BUSY
                ) from None
            yield connection
    finally:
        one.dispose()


def _lock_file(connection: Any, _record: object) -> None:
    """Lock the file for this connection alone, which succeeds only when no other has it open."""
    connection.isolation_level = None
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")


@contextmanager
def _alone_on_postgresql(source: Engine) -> Iterator[Connection]:
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'newsletter' AND pid != pg_backend_pid()"
    )
    with source.connect() as connection:
        if connection.execute(others).scalar_one():
            raise StoreError(Message("the database %(url)s is in use", url=shown(source.url)), _BUSY)
        _wait_for_ever(connection)
        names = ", ".join(table.name for table in metadata.sorted_tables)
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))
        yield connection


def _wait_for_ever(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _marks(connection: Connection) -> Mapping[str, str]:
    marks = select(scheduler_instance.c.place, scheduler_instance.c.machine).where(
        scheduler_instance.c.place.in_([MOVED, ARRIVING])
    )
    return {row.place: row.machine for row in connection.execute(marks)}


def _refuse_content(connection: Connection) -> None:
    """Delete the rows of an interrupted copy. Raises StoreError when the target holds anything else."""
    unfinished = ARRIVING in _marks(connection)
    for table in reversed(metadata.sorted_tables):
        if unfinished:
            connection.execute(delete(table))
        elif rows := connection.execute(select(func.count()).select_from(table)).scalar():
            raise StoreError(
                Message(
                    "the target is not empty: its table %(name)s has %(rows)s rows",
                    name=table.name,
                    rows=rows,
                ),
                "Use an empty database. Nothing was changed.",
            )


def _copy_table(source: Connection, target: Connection, table: Table, progress: Progress) -> Content:
    """Copy one table and verify the copy. Raises StoreError when it differs."""
    total = 0
    rows = 0

    def counted() -> Iterator[Row[Any]]:
        nonlocal total, rows
        for row in _stream(source, table):
            total += _hash(row)
            rows += 1
            if rows % _BATCH == 0:
                progress(_BATCH)
            yield row

    put = _by_copy if target.dialect.name == "postgresql" else _by_insert
    put(target, table, counted())
    progress(rows % _BATCH)
    there = _content(target, table)
    if there != (here := Content(rows, total % _MODULUS)):
        raise StoreError(
            Message(
                "the copy of table %(name)s differs: %(rows)s rows instead of %(expected)s, checksum"
                " %(checksum)s instead of %(expected_checksum)s",
                name=table.name,
                rows=there.rows,
                expected=here.rows,
                checksum=f"{there.checksum:032x}",
                expected_checksum=f"{here.checksum:032x}",
            ),
            "Nothing was changed in either database. Please report it.",
        )
    return here


def _stream(connection: Connection, table: Table) -> Iterable[Row[Any]]:
    return connection.execute(select(table), execution_options={"yield_per": _LARGE.get(table.name, _BATCH)})


def _content(connection: Connection, table: Table) -> Content:
    total = rows = 0
    for row in _stream(connection, table):
        total += _hash(row)
        rows += 1
    return Content(rows, total % _MODULUS)


_MODULUS = 1 << 128


def _hash(row: Row[Any]) -> int:
    values = [value.hex() if isinstance(value, bytes) else value for value in row]
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    return int.from_bytes(sha256(text.encode()).digest()[:16])


def _by_insert(connection: Connection, table: Table, rows: Iterable[Row[Any]]) -> None:
    names, waiting, size = table.c.keys(), iter(rows), _LARGE.get(table.name, _BATCH)
    while some := [dict(zip(names, row, strict=True)) for row in islice(waiting, size)]:
        insert_new(connection, table, some)


def _by_copy(connection: Connection, table: Table, rows: Iterable[Row[Any]]) -> None:
    name = connection.dialect.identifier_preparer.format_table(table)
    copy_in(connection, name, list(table.c), rows)


def _set_counters(source: Connection, target: Connection) -> None:
    """Copy the id counters, so that new rows never reuse a number, such as that of an erased person."""
    for table in metadata.sorted_tables:
        if (column := table.autoincrement_column) is None:
            continue
        last = _counter(source, table, column.name)
        if target.dialect.name == "postgresql":
            if last:
                sequence = func.pg_get_serial_sequence(table.name, column.name)
                target.execute(select(func.setval(sequence, last)))
        elif table.dialect_options["sqlite"]["autoincrement"]:
            target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            target.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"),
                {"name": table.name, "last": last},
            )


def _counter(source: Connection, table: Table, column: str) -> int:
    """Return the highest id that a row of `table` ever had, as far as the database knows."""
    highest: int = source.execute(select(func.coalesce(func.max(table.c[column]), 0))).scalar_one()
    if source.dialect.name == "postgresql":
        sequence = cast(func.pg_get_serial_sequence(table.name, column), REGCLASS)
        return max(highest, source.execute(select(func.pg_sequence_last_value(sequence))).scalar() or 0)
    if table.dialect_options["sqlite"]["autoincrement"]:
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return max(highest, source.execute(query, {"name": table.name}).scalar() or 0)
    return highest
