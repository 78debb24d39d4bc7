"""The database opens safely, or says in plain words why not."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text

from newsletter.errors import StoreError
from newsletter.store.db import open_database, reading, timestamp, writing
from newsletter.store.schema import erased
from tests.postgres import named, running


def put(engine: Engine, digest: bytes) -> None:
    with writing(engine) as connection:
        connection.execute(insert(erased).values(digest=digest, at="2025-02-14T16:00:00Z"))


def digests(engine: Engine) -> set[bytes]:
    with reading(engine) as connection:
        return set(connection.execute(select(erased.c.digest)).scalars())


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)],
)
def test_every_connection_is_durable_and_checks_its_keys(
    sqlite_engine: Engine, pragma: str, value: object
) -> None:
    with reading(sqlite_engine) as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_an_error_undoes_the_whole_transaction(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(insert(erased).values(digest=b"a", at=""))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert digests(engine) == set()


def test_what_is_read_together_is_of_one_moment(engine: Engine) -> None:
    put(engine, b"a")
    with reading(engine) as connection:
        before = connection.execute(select(erased.c.digest)).scalars().all()
        put(engine, b"b")
        assert connection.execute(select(erased.c.digest)).scalars().all() == before
    assert digests(engine) == {b"a", b"b"}


def test_a_reader_does_not_wait_for_a_writer_and_sees_one_moment(engine: Engine) -> None:
    put(engine, b"a")
    with writing(engine) as writer:
        writer.execute(insert(erased).values(digest=b"b", at=""))
        assert digests(engine) == {b"a"}
    assert digests(engine) == {b"a", b"b"}


def test_a_locked_database_names_the_cure(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    first, second = open_database(url), open_database(url, patience=0.01)
    with writing(first), pytest.raises(StoreError, match="locked") as caught, writing(second):
        pass
    assert "wait" in caught.value.hint
    first.dispose()
    second.dispose()


def text_file(path: Path) -> str:
    path.write_text("Це не база даних. " * 100, encoding="utf-8")
    return f"sqlite:///{path}"


def foreign_database(path: Path) -> str:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE subscriber (id INTEGER)")
    connection.close()
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    "make",
    [
        text_file,
        foreign_database,
        lambda path: f"sqlite:///{path.parent}",
        lambda path: f"nosuchdatabase:///{path}",
        lambda _path: "not an address",
        lambda path: f"oracle+nosuchdriver://{path}",
    ],
    ids=["text file", "someone else's tables", "folder", "unknown database", "no address", "unknown driver"],
)
def test_what_cannot_be_opened_is_named_with_a_cure(tmp_path: Path, make: Callable[[Path], str]) -> None:
    with pytest.raises(StoreError) as caught:
        open_database(make(tmp_path / "newsletter.db"))
    assert caught.value.hint


def test_a_faulty_statement_becomes_a_store_error(engine: Engine) -> None:
    with pytest.raises(StoreError, match="nosuchtable"), reading(engine) as connection:
        connection.execute(text("SELECT * FROM nosuchtable"))


def test_a_moment_is_kept_in_utc_to_the_second() -> None:
    kyiv = datetime(2025, 2, 14, 16, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(kyiv) == "2025-02-14T14:00:00Z"
    assert timestamp(datetime(2025, 2, 14, 14, tzinfo=UTC)) == timestamp(kyiv)
    assert timestamp(datetime(101, 4, 2, tzinfo=UTC)) == "0101-04-02T00:00:00Z"


def test_a_writer_stopped_with_its_machine_does_not_hold_its_rows_for_ever(postgres_engine: Engine) -> None:
    limit = text("SHOW idle_in_transaction_session_timeout")
    with writing(postgres_engine) as connection:
        assert connection.execute(limit).scalar() == "30s"
    with reading(postgres_engine) as connection:
        assert connection.execute(limit).scalar() == "0", "a reader may wait for a pager"


def test_a_server_whose_machine_is_gone_is_given_up_in_time_unless_the_address_says_otherwise(
    postgres: str, postgres_engine: Engine
) -> None:
    other = open_database(f"{named(postgres, postgres_engine.url.database or '')}&keepalives_idle=99")
    for engine, idle in ((postgres_engine, "4"), (other, "99")):
        with reading(engine) as connection:
            driver = connection.connection.driver_connection
            assert driver
            settings = driver.info.get_parameters()
        assert (settings["keepalives_idle"], settings["tcp_user_timeout"]) == (idle, "10000")
    other.dispose()


def test_after_a_restart_of_the_server_nothing_fails() -> None:
    with running() as server:
        engine = open_database(server.get_uri())
        with reading(engine), reading(engine):
            put(engine, b"a")
        server.stop()
        server.ensure_postgres_running()
        with writing(engine) as first, reading(engine) as second:
            first.execute(insert(erased).values(digest=b"b", at=""))
            assert second.execute(select(erased.c.digest)).scalar() == b"a"
        assert digests(engine) == {b"a", b"b"}
        engine.dispose()
