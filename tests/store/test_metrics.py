"""The figures for those who watch, on both databases."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, update

from newsletter.store import issues, letters, schedule_runs
from newsletter.store.db import reading, writing
from newsletter.store.metrics import answers, collect
from newsletter.store.people import suppress
from newsletter.store.schema import chunk
from tests.sending import house

NOW = datetime(2025, 2, 14, 15, 0, tzinfo=UTC)


def test_an_empty_database_answers_and_counts_nothing(engine: Engine) -> None:
    with reading(engine) as connection:
        answers(connection)
        found = collect(connection, NOW)
    assert (found.subscribers, found.issue, found.deliveries) == ({}, "", {})
    assert (found.letters, found.waits, found.last_run) == (0, 0.0, None)


def test_readers_deliveries_letters_and_the_weekly_hour_are_counted(engine: Engine) -> None:
    house.people(engine, 3)
    house.approve(engine)
    with writing(engine) as connection:
        suppress(connection, house.address(1), "asked", NOW)
        letters.put(connection, kind="confirm", email="a@b.example", language="uk", request=None, now=NOW)
        schedule_runs.settle(connection, NOW, house.NAME, "sent", NOW)
        found = collect(connection, NOW)
    assert found.subscribers == {"active": 2, "suppressed": 1}
    assert found.issue == house.NAME
    assert found.deliveries["pending"] == 3
    assert sum(found.deliveries.values()) == 3
    assert found.letters == 1
    assert found.last_run == (NOW, "sent")
    assert found.waits == 0, "it is not being sent yet"


def test_work_waits_since_it_could_be_taken(engine: Engine) -> None:
    house.people(engine, 3)
    house.approve(engine)
    with writing(engine) as connection:
        issues.begin(connection, house.NAME, "outbox", NOW)
        assert collect(connection, NOW + timedelta(minutes=5)).waits == 300
        connection.execute(update(chunk).values(lease_until=NOW.timestamp() + 200))
        assert collect(connection, NOW + timedelta(minutes=5)).waits == 100
        assert collect(connection, NOW).waits == 0, "somebody holds it"
        connection.execute(delete(chunk))
        assert collect(connection, NOW + timedelta(minutes=5)).waits == 0
