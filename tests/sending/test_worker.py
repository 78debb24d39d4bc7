"""A worker: the periodic tasks beside the delivery, and what it does when something is away."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from newsletter.errors import StoreError, TransportUnavailable
from newsletter.ports import Transport
from newsletter.sending import worker as module
from newsletter.sending.deliver import Run
from newsletter.sending.worker import PeriodicTask, Worker
from newsletter.store import issues
from newsletter.store.db import writing
from newsletter.store.issues import Frozen
from newsletter.transport.smtp.client import Smtp
from tests.relay import Relay
from tests.sending import house


def nothing_to_send(_frozen: Frozen) -> Run:
    raise AssertionError("nothing is being sent")


def work_until(worker: Worker, reached: Callable[[], bool]) -> None:
    """Let the worker work until something is so, but for ten seconds at most."""

    async def working() -> None:
        async def watch() -> None:
            deadline = time.monotonic() + 10
            while not reached() and time.monotonic() < deadline:  # noqa: ASYNC110  what it waits for is no event
                await asyncio.sleep(0.01)
            worker.stop()

        await asyncio.gather(worker.work(), watch())

    asyncio.run(working())
    assert reached()


def make(engine: Engine, *tasks: PeriodicTask, start: Callable[[Frozen], Run] = nothing_to_send) -> Worker:
    return Worker(engine, start, lambda: datetime.now(UTC), tasks)


def test_every_periodic_task_is_done_at_its_own_pace(sqlite_engine: Engine) -> None:
    done: list[str] = []
    often, seldom = (
        PeriodicTask("a", lambda: done.append("a"), 0.02),
        PeriodicTask("b", lambda: done.append("b"), 60),
    )
    work_until(make(sqlite_engine, often, seldom), lambda: done.count("a") >= 5)
    assert done.count("b") == 1


def test_a_periodic_task_that_hangs_holds_up_no_other(sqlite_engine: Engine) -> None:
    hanging, done = threading.Event(), []

    def act() -> None:
        done.append(1)
        if len(done) == 3:
            hanging.set()

    tasks = (PeriodicTask("hangs", lambda: hanging.wait(10), 60), PeriodicTask("goes on", act, 0.01))
    work_until(make(sqlite_engine, *tasks), lambda: len(done) >= 3)
    assert hanging.is_set()


def test_a_periodic_task_that_fails_is_tried_again_and_the_log_holds_nothing_of_anyone(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    done = []

    def fail() -> None:
        done.append(1)
        if len(done) == 1:
            raise ValueError(house.address(1))
        if len(done) == 2:
            raise StoreError("the database is gone", "Bring it back.")

    with caplog.at_level(logging.INFO):
        work_until(make(sqlite_engine, PeriodicTask("letters", fail, 0.01)), lambda: len(done) >= 3)
    assert "letters failed" in caplog.text
    assert "ValueError" in caplog.text
    assert "in fail" in caplog.text, "where it was"
    assert "the database is gone. Bring it back" in caplog.text
    assert house.address(1) not in caplog.text


def test_periodic_tasks_go_on_while_an_issue_is_being_delivered(
    sqlite_engine: Engine, start_relay: Callable[[Relay], Relay]
) -> None:
    relay = start_relay(Relay())
    house.people(sqlite_engine, 40)
    house.approve(sqlite_engine)
    transport: Transport = Smtp(host="127.0.0.1", port=relay.port, security="none", connections=1)
    with writing(sqlite_engine) as connection:
        issues.begin(connection, house.NAME, transport.name, datetime.now(UTC))
    seen: list[int] = []

    def start(_frozen: Frozen) -> Run:
        return house.run(sqlite_engine, transport, rates={f"run:{house.NAME}": 40})

    task = PeriodicTask("looks", lambda: seen.append(len(relay.accepted)), 0.05)
    work_until(make(sqlite_engine, task, start=start), lambda: house.state(sqlite_engine) == "sent")
    assert len(set(seen)) > 3, "it was done at different moments of the delivery"
    assert house.outcomes(sqlite_engine) == {"accepted": 40}


def test_a_transport_and_a_database_that_are_away_are_tried_again(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    house.people(sqlite_engine, 1)
    house.approve(sqlite_engine)
    with writing(sqlite_engine) as connection:
        issues.begin(connection, house.NAME, "smtp", datetime.now(UTC))
    tries = []

    def start(_frozen: Frozen) -> Run:
        tries.append(1)
        if len(tries) % 2:
            raise StoreError("the database is gone", "Bring it back.")
        raise TransportUnavailable("the relay is gone", "Bring it back too.")

    work_until(make(sqlite_engine, start=start), lambda: len(tries) >= 4)
    assert "the database is gone. Bring it back (tried again" in caplog.text
    assert f"issue {house.NAME} waits: the relay is gone. Bring it back too (tried" in caplog.text


def test_what_a_worker_does_last_is_finished_when_it_is_told_to_stop(sqlite_engine: Engine) -> None:
    begun, done = threading.Event(), threading.Event()

    def slowly() -> None:
        begun.set()
        time.sleep(0.2)
        done.set()

    work_until(make(sqlite_engine, PeriodicTask("slow", slowly, 60)), begun.is_set)
    assert done.is_set()
