"""Open the database read-only: never create or upgrade it, and never take its write lock."""

import os
import sqlite3
from errno import EEXIST
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from sqlalchemy import URL, Engine, QueuePool, create_engine, event

from newsletter.errors import Message, StoreError
from newsletter.store import postgres_sessions
from newsletter.store.database_url import parse_url
from newsletter.store.db import (
    HEAD,
    WRITABLE,
    connect_to,
    plain_errors,
    reading,
    refuse_moved,
    schema_version,
)
from newsletter.store.locking import PATIENCE, begin
from newsletter.store.schema import metadata


class ReadOnlyDatabase:
    """The database of a workspace for commands that only read; an empty one if there is none."""

    def __init__(self, url: str | URL) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._empty: Engine | None = None

    @property
    def path(self) -> Path | None:
        """The path of an SQLite database's file, whether it exists or not; None for PostgreSQL."""
        url = parse_url(self._url)
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    @property
    def engine(self) -> Engine:
        """The database, or an empty one while there is none. Raises StoreError when its schema is too old."""
        if self._engine is None:
            self._engine = self._open()
        if self._engine is None:
            self._empty = self._empty or _empty()
            return self._empty
        return self._engine

    @property
    def is_there(self) -> bool:
        """Whether there is a database with our tables. Raises StoreError when its schema is too old."""
        return self.engine is not self._empty

    def _open(self) -> Engine | None:
        engine = connect_to(self._url)
        path = Path(engine.url.database or "")
        if engine.dialect.name == "sqlite" and "uri" in engine.url.query:
            event.listen(engine, "begin", begin(PATIENCE))
        elif engine.dialect.name == "sqlite":
            if not engine.url.database or not _is_there(path):  # in memory, there is nothing to read
                return None
            engine = create_engine(engine.url, creator=lambda: _connect(path))
            event.listen(engine, "begin", begin(PATIENCE))
        else:
            postgres_sessions.set_up(engine)
        with plain_errors(engine), reading(engine) as connection:
            version = schema_version(connection)
        if version != HEAD:
            engine.dispose()
        if version is None:
            return None
        if version != HEAD:
            raise StoreError(
                Message(
                    "the database is from an earlier version (schema %(version)s, this program needs"
                    " %(head)s)",
                    version=version,
                    head=HEAD,
                ),
                "Make a backup, then bring it up to date: newsletter database upgrade",
            )
        try:
            with plain_errors(engine):
                refuse_moved(engine)
        except StoreError:
            engine.dispose()
            raise
        return engine


def _is_there(path: Path) -> bool:
    """Tell whether the file exists. Raises StoreError when it neither exists nor could be created."""
    if path.is_dir():
        raise StoreError(Message("the database %(path)s: unable to open database file", path=path), WRITABLE)
    nearest = next(one for one in (path, *path.absolute().parents) if one.exists())
    if nearest != path and not nearest.is_dir():
        raise StoreError(
            Message(
                "the database %(path)s: %(nearest)s cannot be created: %(strerror)s",
                path=path,
                nearest=nearest,
                strerror=os.strerror(EEXIST),
            ),
            WRITABLE,
        )
    return nearest == path


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    for pragma in (f"busy_timeout={PATIENCE * 1000:.0f}", "temp_store=MEMORY", "cache_size=-4096"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _empty() -> Engine:
    """Return an empty in-memory database that the threads of this process share."""
    name = f"file:{uuid4().hex}?mode=memory&cache=shared"
    engine = create_engine(
        "sqlite://",
        poolclass=QueuePool,
        creator=lambda: sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False),
    )
    event.listen(engine, "begin", begin(PATIENCE))
    with engine.begin() as connection:  # by migrations, alembic would take 0.2 s
        metadata.create_all(connection)
        connection.exec_driver_sql("CREATE VIRTUAL TABLE item_search USING fts5(title, text, content='item')")
    return engine
