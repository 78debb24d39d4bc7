"""Opening the database: pragmas, migrations, transactions, and errors in plain words."""

import select as poll
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError

from newsletter import private
from newsletter.errors import StoreConflict, StoreError
from newsletter.store import wal
from newsletter.store.database_url import parse_url
from newsletter.store.disk import shortage
from newsletter.store.locking import METER, PATIENCE, begin, retry_busy

if TYPE_CHECKING:
    from psycopg import Connection as PostgresConnection

HEAD = "0008"
"""The newest migration; a test compares it with the folder."""

_SILENCE = "30s"  # for which a writer may hold rows on PostgreSQL and say nothing: its machine may be stopped

_CONFLICTS = {"40001", "40P01"}  # serialization_failure, deadlock_detected (PostgreSQL: appendix A)

MOVED, ARRIVING = "moved", "arriving"
"""Marks in the table `home`: a copy took this database's place; this is a copy that is not finished."""

_UPGRADE_LOCK = 0x6E65_7773  # "news": whoever upgrades a schema on PostgreSQL holds this advisory lock

WRITABLE = "Check that it is a file, that you may write to it and to its folder, and that space is left."


def open_database(url: str | URL, *, patience: float = PATIENCE, moved: bool = False) -> Engine:
    """Connect to `url` and bring its schema up to date. Raises StoreError in words that name the cure.

    Another program's write lock on SQLite is waited for `patience` seconds. A database that was `moved` is
    opened only where that is said.
    """
    engine = connect_to(url)
    if engine.dialect.name == "sqlite":
        _make_file(engine.url.database or ":memory:")
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", begin(patience))
    else:
        event.listen(engine, "connect", _limit_silence)
        event.listen(engine, "checkout", _leave_ended)
        event.listen(engine, "begin", _let_readers_wait)
    try:
        with plain_errors(engine):
            migrate(engine)
            if not moved:
                refuse_moved(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def refuse_moved(engine: Engine) -> None:
    """Raise StoreError when a copy of the database took its place, or it is a copy that was not finished."""
    with engine.connect().execution_options(reading=True) as connection:
        marks = text("SELECT place, machine FROM home WHERE place IN (:moved, :arriving)")
        mark = connection.execute(marks, {"moved": MOVED, "arriving": ARRIVING}).first()
    if mark and mark.place == MOVED:
        raise StoreError(
            f"the database was moved to {mark.machine}",
            "Name that one in NEWSLETTER_DATABASE. To go on with this one: newsletter schedule --adopt",
        )
    if mark:
        raise StoreError(
            f"the database is a copy of {mark.machine} that was not finished",
            "Run `newsletter database copy` once more: it begins anew, or finishes.",
        )


def connect_to(url: str | URL) -> Engine:
    """Return what connects to `url` when it is asked to. Raises StoreError when that is no address."""
    try:
        return create_engine(parse_url(url))
    except (ArgumentError, ModuleNotFoundError, NoSuchModuleError, ValueError) as error:
        # Of a wrong port, Python quotes what may be a password.
        cause = "its port is no number" if isinstance(error, ValueError) else error
        raise StoreError(
            f"NEWSLETTER_DATABASE cannot be used: {cause}",
            "Write it as postgresql://user@host/name or sqlite:///file.",
        ) from None


def _make_file(database: str) -> None:
    if database.startswith((":memory:", "file:")):  # no file, or one with SQLite's own options
        return
    try:
        private.database(Path(database))
    except OSError as error:
        raise StoreError(
            f"the database {database}: {error.filename} cannot be made: {error.strerror}", WRITABLE
        ) from None


def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by store/locking.py, not by the driver
    connection.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")
    # Of several processes that open a new file at once, SQLite tells some at once that it is locked.
    retry_busy(lambda: connection.execute("PRAGMA journal_mode=WAL"), PATIENCE)
    for pragma in (
        "synchronous=FULL",  # NORMAL may drop commits at power loss, and so send twice
        "foreign_keys=ON",
        "secure_delete=ON",  # erasing a person leaves nothing in free pages
        "temp_store=MEMORY",
        "cache_size=-4096",  # 4 MB a connection; more made no import or delivery faster
    ):
        connection.execute(f"PRAGMA {pragma}")


def _limit_silence(connection: DBAPIConnection, _record: object) -> None:
    connection.cursor().execute(f"SET idle_in_transaction_session_timeout = '{_SILENCE}'")
    connection.commit()


def _leave_ended(connection: "PostgresConnection", _record: object, _proxy: object) -> None:
    """Have a connection made anew that the server has ended, as a restart does.

    A server that ends one says so, which makes it readable; to look costs a microsecond. A question to the
    server (`pool_pre_ping`) would cost each of the ledger's transactions a way there and back.
    """
    told = poll.poll()
    told.register(connection.fileno(), poll.POLLIN)
    if told.poll(0):
        raise DisconnectionError


def _let_readers_wait(connection: Connection) -> None:
    """Let a reader take its time: it holds no rows, and may write into a pager."""
    if connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed at the end, rolled back on an error."""
    try:
        with plain_errors(engine), _measured(engine, engine.begin) as connection:
            yield connection
    except BaseException:
        wal.give_back(engine)
        raise


@contextmanager
def _measured(
    engine: Engine, begin_one: Callable[[], AbstractContextManager[object]], of: Connection | None = None
) -> Iterator[Connection]:
    """Measure how long a transaction holds the write lock, its commit included."""
    held_since = None
    try:
        with begin_one() as begun:
            held_since = time.monotonic()
            yield of or cast("Connection", begun)
    finally:
        if held_since is not None:
            METER.add(engine, time.monotonic() - held_since)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view; on SQLite it never waits for a writer."""
    with plain_errors(engine), engine.connect().execution_options(reading=True) as connection:
        yield connection


class KeptConnection:
    """A connection that is kept from one writing to the next, for whoever writes often."""

    def __init__(self, engine: Engine) -> None:
        self._by_itself = engine.dialect.name == "postgresql"
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if self._by_itself else engine
        self._connection: Connection | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """On SQLite a write transaction; on PostgreSQL each statement is one, which saves two ways there."""
        with plain_errors(self._engine):
            self._connection = self._connection or self._engine.connect()
            if self._by_itself:
                yield self._connection
                self._connection.commit()  # of SQLAlchemy's own account, where it has one
            else:
                with _measured(self._engine, self._connection.begin, self._connection):
                    yield self._connection

    def close(self) -> None:
        """Let go of the connection, also of one that is lost."""
        if self._connection:
            with suppress(DBAPIError):
                self._connection.close()


@contextmanager
def plain_errors(engine: Engine) -> Iterator[None]:
    """Turn the driver's failures, as they are or as SQLAlchemy passes them on, into StoreError."""
    driver = engine.dialect.loaded_dbapi
    try:
        yield
    except (DBAPIError, driver.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        cause = str(original).strip().splitlines()[0]
        where = engine.url.database or engine.url.render_as_string()
        if getattr(original, "sqlstate", None) in _CONFLICTS:
            raise StoreConflict(
                f"the database {where}: {cause}",
                "Others were changing the same records, and nothing was changed here. Run this again.",
            ) from error
        hint = "If this is not a database of this program, move it aside; otherwise restore your backup."
        if isinstance(original, driver.OperationalError):
            hint = _cure(engine, cause)
        raise StoreError(f"the database {where}: {cause}", hint) from error


def _cure(engine: Engine, cause: str) -> str:
    if "locked" in cause:
        return "Another program is writing to it for long; wait for it to finish, then run this again."
    if "full" in cause:
        return "Free some disk space, then run this again."
    if engine.dialect.name == "sqlite":
        short = shortage(Path(engine.url.database or "").absolute().parent)
        return f"{short.text}. {short.hint}" if short else WRITABLE
    return "Check that the server runs and that the address in NEWSLETTER_DATABASE is right."


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the INSERT of this database that knows ON CONFLICT."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def timestamp(moment: datetime) -> str:
    """Return a moment as the tables hold it: UTC to the second, so that text sorts as time does."""
    plain = moment.astimezone(UTC).replace(tzinfo=None)  # strftime gives a year before 1000 too few digits
    return f"{plain.isoformat(timespec='seconds')}Z"


def migrate(engine: Engine) -> None:
    """Bring the schema up to date; of several processes one does it, and the others wait and go on."""
    with engine.connect().execution_options(reading=True) as connection:
        if schema_version(connection) == HEAD:
            return
    from alembic import command  # noqa: PLC0415  0.2 s, needed only when the schema changes
    from alembic.config import Config  # noqa: PLC0415  likewise

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))  # % names a value in such a file
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # BEGIN IMMEDIATE is that lock on SQLite
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
        if schema_version(connection) != HEAD:  # else another process did it while this one waited
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def schema_version(connection: Connection) -> str | None:
    """Return the version of the schema, None of an empty database. Raises StoreError when it is not ours."""
    known = inspect(connection).get_table_names()
    if "alembic_version" not in known:
        if "subscriber" in known:
            raise StoreError("the database has tables that are not ours", "Name another database.")
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > HEAD:
        raise StoreError(
            f"the database was written by a newer version (schema {found}, this program knows {HEAD})",
            "Install that version or a newer one; nothing was changed.",
        )
    return found
