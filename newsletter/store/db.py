"""Open the database: connections and pragmas, migrations, transactions, and clear error messages."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, inspect, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from newsletter import private
from newsletter.errors import Message, StoreConflict, StoreError
from newsletter.store import postgres_sessions, wal
from newsletter.store.database_url import parse_url, shown
from newsletter.store.disk import shortage
from newsletter.store.locking import METER, PATIENCE, begin, retry_busy

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

HEAD = "0024"
"""The newest migration; a test compares it with the folder."""

_CONFLICTS = {"40001", "40P01"}  # serialization_failure, deadlock_detected (PostgreSQL: appendix A)

MOVED, ARRIVING = "moved", "arriving"
"""Marks in `scheduler_instance`: a copy has replaced this database; this database is an unfinished copy."""

_UPGRADE_LOCK = 0x6E65_7773  # "news": the advisory lock for schema upgrades on PostgreSQL

WRITABLE = "Check that it is a file, that you may write to it and its folder, and that the disk is not full."


def open_database(url: str | URL, *, patience: float = PATIENCE, moved: bool = False) -> Engine:
    """Connect to `url` and migrate its schema to HEAD. Raises StoreError with a hint about what to do.

    On SQLite it waits up to `patience` seconds for the write lock. With `moved`, it also opens a database
    that a copy has replaced.
    """
    engine = connect_to(url)
    if engine.dialect.name == "sqlite":
        _make_file(engine.url.database or ":memory:")
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", begin(patience))
    else:
        postgres_sessions.set_up(engine)
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
    """Raise StoreError when a copy has replaced this database, or when it is an unfinished copy itself."""
    with engine.connect().execution_options(reading=True) as connection:
        marks = text("SELECT place, machine FROM scheduler_instance WHERE place IN (:moved, :arriving)")
        mark = connection.execute(marks, {"moved": MOVED, "arriving": ARRIVING}).first()
    if mark and mark.place == MOVED:
        raise StoreError(
            Message("the database was moved to %(machine)s", machine=mark.machine),
            "Set NEWSLETTER_DATABASE to that one. To go on with this one: newsletter schedule --adopt",
        )
    if mark:
        raise StoreError(
            Message("the database is an unfinished copy of %(machine)s", machine=mark.machine),
            "Run `newsletter database copy` again: it finishes the copy or starts it from the beginning.",
        )


def connect_to(url: str | URL) -> Engine:
    """Return an engine for `url`, not yet connected. Raises StoreError when it is not a valid URL."""
    try:
        return create_engine(parse_url(url))
    except (ArgumentError, ModuleNotFoundError, NoSuchModuleError, ValueError) as error:
        # Python's message about an invalid port quotes text that may be a password.
        cause = "the port is not a number" if isinstance(error, ValueError) else error
        raise StoreError(
            Message("NEWSLETTER_DATABASE cannot be used: %(cause)s", cause=cause),
            "Write it as postgresql://user@host/name or sqlite:///file.",
        ) from None


def _make_file(database: str) -> None:
    if database.startswith((":memory:", "file:")):  # no file, or a SQLite URI with options
        return
    try:
        private.database(Path(database))
    except OSError as error:
        raise StoreError(
            Message(
                "the database %(database)s: %(filename)s cannot be created: %(strerror)s",
                database=database,
                filename=error.filename,
                strerror=error.strerror,
            ),
            WRITABLE,
        ) from None


def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # store/locking.py begins transactions, not the driver
    connection.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")
    # When several processes open a new file at once, SQLite reports "locked" to some without waiting.
    retry_busy(lambda: connection.execute("PRAGMA journal_mode=WAL"), PATIENCE)
    for pragma in (
        "synchronous=FULL",  # NORMAL may lose commits at power loss, and so send twice
        "foreign_keys=ON",
        "secure_delete=ON",  # erasing a person leaves nothing in free pages
        "temp_store=MEMORY",
        "cache_size=-4096",  # 4 MB per connection; more made no import or delivery faster
    ):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a write transaction: committed at the end, rolled back on an error."""
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
    """Measure how long a transaction holds the write lock, commit included."""
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
    """Open a read transaction with a consistent view; on SQLite it never waits for a writer."""
    with plain_errors(engine), engine.connect().execution_options(reading=True) as connection:
        yield connection


class KeptConnection:
    """A connection that is reused for many write transactions, for code that writes often."""

    def __init__(self, engine: Engine) -> None:
        self._by_itself = engine.dialect.name == "postgresql"
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if self._by_itself else engine
        self._connection: Connection | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a write transaction; on PostgreSQL each statement is its own, which saves two round trips."""
        with plain_errors(self._engine):
            self._connection = self._connection or self._engine.connect()
            if self._by_itself:
                yield self._connection
                self._connection.commit()  # ends SQLAlchemy's own transaction, if it began one
            else:
                with _measured(self._engine, self._connection.begin, self._connection):
                    yield self._connection

    def close(self) -> None:
        """Close the connection, even if it is already lost."""
        if self._connection:
            with suppress(DBAPIError):
                self._connection.close()


@contextmanager
def plain_errors(engine: Engine) -> Iterator[None]:
    """Convert database errors, raw or wrapped by SQLAlchemy, to StoreError; deadlocks to StoreConflict."""
    driver = engine.dialect.loaded_dbapi
    try:
        yield
    except (DBAPIError, driver.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        cause = _cause(original)
        where = engine.url.database or shown(engine.url)
        if getattr(original, "sqlstate", None) in _CONFLICTS:
            raise StoreConflict(
                Message("the database %(where)s: %(cause)s", where=where, cause=cause),
                "Another process was changing the same records, so this change was not made. Run this again.",
            ) from error
        hint = "If this is not a database of this program, move it aside; otherwise restore your backup."
        if isinstance(original, driver.OperationalError):
            hint = _cure(engine, cause)
        raise StoreError(
            Message("the database %(where)s: %(cause)s", where=where, cause=cause), hint
        ) from error


def _cause(error: BaseException | None) -> str:
    """Return the first line of a driver's message; for several hosts without an answer, one of each."""
    lines = str(error).strip().splitlines()
    hosts = [line.partition(": connection failed: ")[2] for line in lines if line.startswith("- host: ")]
    return "; ".join(hosts) or lines[0]


def _cure(engine: Engine, cause: str) -> str:
    if "locked" in cause:
        return "Another program is writing to it for a long time: wait until it ends, then run this again."
    if "full" in cause:
        return "Free some disk space, then run this again."
    if engine.dialect.name == "sqlite":
        short = shortage(Path(engine.url.database or "").absolute().parent)
        return f"{short.text}. {short.hint}" if short else WRITABLE
    return "Check that the server runs and that the address in NEWSLETTER_DATABASE is right."


def upsert(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """Return this database's INSERT construct that supports ON CONFLICT."""
    from sqlalchemy.dialects import postgresql, sqlite  # noqa: PLC0415  0.03 s, which reading need not wait for

    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def timestamp(moment: datetime) -> str:
    """Return a moment as stored in the tables: UTC ISO 8601 to the second, which sorts by time as text."""
    plain = moment.astimezone(UTC).replace(tzinfo=None)  # strftime does not pad years before 1000
    return f"{plain.isoformat(timespec='seconds')}Z"


def migrate(engine: Engine) -> None:
    """Migrate the schema to HEAD; of several processes one does it while the others wait."""
    with engine.connect().execution_options(reading=True) as connection:
        if schema_version(connection) == HEAD:
            return
    from alembic import command  # noqa: PLC0415  0.2 s, needed only when the schema changes
    from alembic.config import Config  # noqa: PLC0415  likewise

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))  # % interpolates in config files
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # on SQLite, BEGIN IMMEDIATE locks
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
        if schema_version(connection) != HEAD:  # else another process did it while this one waited
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def schema_version(connection: Connection) -> str | None:
    """Return the schema version, None for an empty database. Raises StoreError for a foreign or newer one."""
    known = inspect(connection).get_table_names()
    if "alembic_version" not in known:
        if "subscriber" in known:
            raise StoreError("the database has tables of another program", "Use another database.")
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > HEAD:
        raise StoreError(
            Message(
                "the database was written by a newer version (schema %(found)s, this program knows %(head)s)",
                found=found,
                head=HEAD,
            ),
            "Install that version or a newer one. Nothing was changed.",
        )
    return found
