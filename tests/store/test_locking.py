"""Transactions wait for each other, and one that meets a deadlock is run again."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
from sqlalchemy import Engine, insert, select, text, update

from newsletter.errors import StoreConflict
from newsletter.store import locking
from newsletter.store.db import open_database, reading, writing
from newsletter.store.locking import METER, retry_conflicts
from newsletter.store.schema import erased, rate_limit


def put(engine: Engine, digest: bytes) -> None:
    with writing(engine) as connection:
        connection.execute(insert(erased).values(digest=digest, at=""))


def test_a_writer_waits_for_the_lock_and_gets_it_between_two_of_another_s_transactions(
    sqlite_engine: Engine,
) -> None:
    started, ended = Event(), Event()

    def hold() -> int:
        """Hold the lock again and again, with 10 ms between, until the other has had its turn."""
        for number in range(200):
            with writing(sqlite_engine):
                started.set()
                time.sleep(0.05)
            if ended.is_set():
                return number
            time.sleep(0.01)
        return 200

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        started.wait()
        put(sqlite_engine, b"a")
        ended.set()
        assert holding.result() < 100, "SQLite's own handler, which sleeps 0.1 s, gets no turn for long"


def test_a_transaction_that_holds_the_lock_for_long_is_measured_and_named_in_the_log(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locking, "LONGEST", 0.01)
    METER.reset()
    with writing(sqlite_engine):
        pass
    with reading(sqlite_engine):
        time.sleep(0.05)
    quick = METER.longest
    with writing(sqlite_engine):
        time.sleep(0.05)
    assert quick < 0.05 <= METER.longest
    assert "held the write lock for 0.0" in caplog.records[-1].getMessage()


def test_two_transactions_that_wait_for_each_other_both_come_through(postgres_engine: Engine) -> None:
    with writing(postgres_engine) as connection:
        connection.execute(insert(rate_limit), [{"scope": one, "free_at": 0.0} for one in "ab"])
    meeting = Barrier(2)

    def change(order: str) -> None:
        tries = []

        def work() -> None:
            with writing(postgres_engine) as connection:
                tries.append(1)
                for scope in order:
                    one = update(rate_limit).where(rate_limit.c.scope == scope)
                    connection.execute(one.values(free_at=rate_limit.c.free_at + 1))
                    if len(tries) == 1 and scope == order[0]:
                        meeting.wait(timeout=10)

        retry_conflicts(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(change, ("ab", "ba")))
    with reading(postgres_engine) as connection:
        assert connection.execute(select(rate_limit.c.free_at)).scalars().all() == [2, 2]


def test_a_conflict_that_does_not_end_is_given_up_with_a_hint_to_run_it_again(
    postgres_engine: Engine,
) -> None:
    tries = []

    def work() -> None:
        with writing(postgres_engine) as connection:
            tries.append(1)
            connection.execute(text("DO $$ BEGIN RAISE 'deadlock' USING ERRCODE = '40P01'; END $$"))

    with pytest.raises(StoreConflict, match="deadlock") as caught:
        retry_conflicts(work)
    assert len(tries) == 6
    assert "Run this again" in caught.value.hint


def test_what_is_no_conflict_is_not_tried_again() -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  it is the test's own
        retry_conflicts(work)
    assert len(tries) == 1


def test_opening_gives_up_a_lock_of_another_program_after_its_patience(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    first, second = open_database(url), open_database(url, patience=0.05)
    begun = time.monotonic()
    with writing(first), pytest.raises(Exception, match="locked"), writing(second):
        pass
    assert time.monotonic() - begun < 10
    first.dispose()
    second.dispose()
