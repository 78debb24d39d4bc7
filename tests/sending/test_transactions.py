"""A worker's transactions: in order, on the loop or in a thread, and failures for whoever asked."""

import asyncio
import threading
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, select

from newsletter.errors import StoreError
from newsletter.sending.transactions import transactions
from newsletter.store import buckets
from newsletter.store.db import reading
from newsletter.store.prepared import Prepared
from newsletter.store.schema import bucket


def scopes(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(bucket.c.scope).order_by(bucket.c.scope)).scalars())


def test_transactions_are_done_one_after_another_in_the_order_asked(engine: Engine) -> None:
    order: list[int] = []

    async def ask() -> None:
        steps = [partial(append, order, number) for number in range(50)]
        await asyncio.gather(*(ledger.run(step) for step in steps))

    def append(order: list[int], number: int, _: Connection) -> None:
        order.append(number)

    ledger = transactions(engine)
    asyncio.run(ask())
    ledger.close()
    assert order == list(range(50))


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(engine: Engine) -> None:
    def half(connection: Connection) -> None:
        buckets.hold(connection, "half", 1.0)
        raise LookupError

    async def ask() -> None:
        with pytest.raises(LookupError):
            await ledger.run(half)
        await ledger.run(lambda connection: buckets.hold(connection, "whole", 1.0))

    ledger = transactions(engine)
    asyncio.run(ask())
    ledger.close()
    assert scopes(engine) == ["whole"]


def test_a_failure_of_the_driver_is_told_in_plain_words(engine: Engine) -> None:
    statement = Prepared(select(bucket.c.scope))

    def without_table(connection: Connection) -> None:
        bucket.drop(connection)
        statement.fetch(connection, {})

    ledger = transactions(engine)
    with pytest.raises(StoreError, match="bucket"):
        asyncio.run(ledger.run(without_table))
    ledger.close()
    assert scopes(engine) == []


def test_a_server_gets_a_thread_that_ends_when_it_is_closed(postgres_engine: Engine) -> None:
    ledger = transactions(postgres_engine)
    thread = asyncio.run(ledger.run(lambda _: threading.current_thread()))
    assert thread is not threading.current_thread()
    ledger.close()
    assert not thread.is_alive()


def test_one_that_was_never_asked_has_nothing_to_end(engine: Engine) -> None:
    before = threading.active_count()
    transactions(engine).close()
    assert threading.active_count() == before
