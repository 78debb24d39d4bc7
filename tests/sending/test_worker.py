"""A worker: jobs beside the delivery, and what it does when something is away."""

import asyncio
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
from newsletter.sending.worker import Worker
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


def make(
    engine: Engine,
    jobs: Callable[[threading.Event], object] = threading.Event.wait,
    start: Callable[[Frozen], Run] = nothing_to_send,
    settings: Callable[[], object] = lambda: None,
) -> Worker:
    return Worker(engine, start, lambda: datetime.now(UTC), jobs, settings=settings)


def test_jobs_go_on_while_an_issue_is_being_delivered(
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

    def look(stopped: threading.Event) -> None:
        while not stopped.wait(0.05):
            seen.append(len(relay.accepted))

    work_until(make(sqlite_engine, look, start=start), lambda: house.state(sqlite_engine) == "sent")
    assert len(set(seen)) > 3, "it was done at different moments of the delivery"
    assert house.outcomes(sqlite_engine) == {"accepted": 40}


def test_a_sending_goes_on_with_the_settings_as_they_change_and_repeats_nothing(
    sqlite_engine: Engine, start_relay: Callable[[Relay], Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.01)
    relay = start_relay(Relay())
    house.people(sqlite_engine, 30)
    house.approve(sqlite_engine)
    transport: Transport = Smtp(host="127.0.0.1", port=relay.port, security="none", connections=1)
    with writing(sqlite_engine) as connection:
        issues.begin(connection, house.NAME, transport.name, datetime.now(UTC))
    rates: list[float] = []

    def pace() -> float:
        return 2000.0 if relay.accepted else 1.0

    def start(_frozen: Frozen) -> Run:
        rates.append(pace())
        return house.run(sqlite_engine, transport, rates={f"run:{house.NAME}": rates[-1]})

    work_until(make(sqlite_engine, start=start, settings=pace), lambda: house.state(sqlite_engine) == "sent")
    assert rates == [1.0, 2000.0]
    assert house.outcomes(sqlite_engine) == {"accepted": 30}
    assert len(relay.accepted) == 30


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

    def slowly(stopped: threading.Event) -> None:
        begun.set()
        stopped.wait()
        done.set()

    work_until(make(sqlite_engine, slowly), begun.is_set)
    assert done.is_set()
