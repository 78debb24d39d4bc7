"""The log of SQLite after a failure: its room is given back, and nothing that was committed is lost."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, select, text

from newsletter.errors import StoreError
from newsletter.store.db import open_database, reading, writing
from newsletter.store.schema import rate_limit

BIG = "x" * 2000


def put(connection: Connection, *scopes: str) -> None:
    connection.execute(insert(rate_limit), [{"scope": scope, "free_at": 0.0} for scope in scopes])


def scopes(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return set(connection.execute(select(rate_limit.c.scope)).scalars())


def fail(engine: Engine) -> None:
    """Write ten megabytes, and take them back."""
    with pytest.raises(StoreError, match="UNIQUE"), writing(engine) as connection:
        put(connection, *(f"{number}{BIG}" for number in (*range(5000), 0)))


def test_what_was_taken_back_takes_no_room_and_what_was_committed_stays(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    log = tmp_path / "newsletter.db-wal"
    other = open_database(sqlite_engine.url.render_as_string())
    with writing(other) as connection:
        put(connection, "a", f"b{BIG}")
    fail(sqlite_engine)
    assert log.stat().st_size == 0
    for engine, scope in ((other, "c"), (sqlite_engine, "d")):
        with writing(engine) as connection:
            put(connection, scope)
    assert scopes(other) == scopes(sqlite_engine) == {"a", f"b{BIG}", "c", "d"}
    other.dispose()


def test_whoever_reads_meanwhile_goes_on_with_what_they_see(sqlite_engine: Engine, tmp_path: Path) -> None:
    log = tmp_path / "newsletter.db-wal"
    with writing(sqlite_engine) as connection:
        put(connection, "a")
    other = open_database(sqlite_engine.url.render_as_string())
    with reading(other) as connection:
        assert connection.execute(select(rate_limit.c.scope)).scalars().all() == ["a"]
        with writing(sqlite_engine) as later:
            put(later, f"b{BIG}")
        fail(sqlite_engine)
        assert 0 < log.stat().st_size < 1 << 20, "the reader's state is kept, what was taken back is not"
        assert connection.execute(select(rate_limit.c.scope)).scalars().all() == ["a"]
        with writing(sqlite_engine) as later:
            put(later, "c")
    assert scopes(other) == {"a", f"b{BIG}", "c"}
    other.dispose()
    with reading(sqlite_engine) as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
