"""A connection that is kept from one writing to the next."""

from contextlib import suppress

import pytest
from sqlalchemy import Engine, select, text

from newsletter.errors import StoreError
from newsletter.store import rate_limits
from newsletter.store.compiled_statements import Prepared
from newsletter.store.db import KeptConnection, reading, writing
from newsletter.store.schema import rate_limit


def scopes(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(rate_limit.c.scope).order_by(rate_limit.c.scope)).scalars())


def test_what_is_written_is_there_for_others_at_once(engine: Engine) -> None:
    kept = KeptConnection(engine)
    for scope in ("one", "two"):
        with kept.writing() as connection:
            rate_limits.hold(connection, scope, 1.0)
        assert scope in scopes(engine)
    kept.close()


def test_on_a_file_a_writing_that_fails_leaves_nothing_and_the_next_one_works(sqlite_engine: Engine) -> None:
    kept = KeptConnection(sqlite_engine)
    with suppress(LookupError), kept.writing() as connection:
        rate_limits.hold(connection, "half", 1.0)
        raise LookupError
    with kept.writing() as connection:
        rate_limits.hold(connection, "whole", 1.0)
    kept.close()
    assert scopes(sqlite_engine) == ["whole"]


def test_on_a_server_each_statement_stands_by_itself(postgres_engine: Engine) -> None:
    kept = KeptConnection(postgres_engine)
    with kept.writing() as connection:
        rate_limits.hold(connection, "one", 1.0)
        assert scopes(postgres_engine) == ["one"]
    kept.close()


def test_a_failure_of_the_driver_is_told_in_plain_words(engine: Engine) -> None:
    kept = KeptConnection(engine)
    statement = Prepared(select(rate_limit.c.scope))
    with kept.writing() as connection:
        rate_limit.drop(connection)
    with pytest.raises(StoreError, match="rate_limit"), kept.writing() as connection:
        statement.fetch(connection, {})
    kept.close()


def ask_when_lost(kept: KeptConnection, engine: Engine) -> None:
    with kept.writing() as connection:
        own = connection.scalar(text("SELECT pg_backend_pid()"))
        with writing(engine) as other:
            other.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})
        Prepared(select(rate_limit.c.scope)).fetch(connection, {})


def test_one_that_is_lost_is_told_in_plain_words_and_let_go_of(postgres_engine: Engine) -> None:
    kept = KeptConnection(postgres_engine)
    with pytest.raises(StoreError, match="terminating"):
        ask_when_lost(kept, postgres_engine)
    kept.close()
    assert scopes(postgres_engine) == []


def test_one_that_was_never_used_has_nothing_to_let_go_of(engine: Engine) -> None:
    KeptConnection(engine).close()
    assert scopes(engine) == []
