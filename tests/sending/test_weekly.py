"""The weekly hour: the approved issue leaves once, or is held and the editors are told why."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from newsletter.config import Settings, read_settings
from newsletter.config.parts import Editor
from newsletter.model import IssueState
from newsletter.sending.weekly import Week, tick
from newsletter.store import issues, schedule_runs
from newsletter.store.db import reading, writing
from newsletter.store.schedule_runs import Mark
from newsletter.store.schema import note
from tests.sending import house

ROOT = Path(__file__).parents[2]
HOUR = datetime(2025, 2, 14, 14, 0, tzinfo=UTC)  # friday 16:00 in Kyiv
HERE, ELSEWHERE = "one:/srv/press:1", "two:/srv/press:2"


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Read the sample's settings: friday 16:00, grace 6h; one editor."""
    return read_settings(ROOT).model_copy(update={"editors": (Editor(address="desk@news.example.org"),)})


@pytest.fixture
def told(engine: Engine) -> Callable[[], list[tuple[str, str]]]:
    """Return subject and text of each note that waits for the editors."""

    def told() -> list[tuple[str, str]]:
        with reading(engine) as connection:
            rows = connection.execute(select(note.c.subject, note.c.text).order_by(note.c.letter))
            return [(row.subject, row.text) for row in rows]

    return told


@pytest.fixture
def week_at(engine: Engine, settings: Settings) -> Callable[[datetime], Week]:
    """Make the weekly hour of a schedule that was set a week before, at a moment of one's choice."""
    with writing(engine) as connection:
        schedule_runs.found(connection, HOUR - timedelta(days=6), HOUR)

    def week_at(now: datetime) -> Week:
        return Week(
            engine=engine,
            settings=settings,
            sources=lambda _closing: house.SOURCES,
            has_items=lambda _closing: True,
            clock=lambda: now,
        )

    return week_at


WeekAt = Callable[[datetime], Week]
Told = Callable[[], list[tuple[str, str]]]


def test_at_its_hour_the_approved_issue_begins_to_leave(engine: Engine, week_at: WeekAt, told: Told) -> None:
    house.people(engine, 3)
    house.approve(engine)
    tick(week_at(HOUR - timedelta(seconds=1)))
    assert house.state(engine) == "approved"
    tick(week_at(HOUR))
    assert house.state(engine) == "sending"
    assert not told()


def test_however_many_schedulers_run_an_hour_is_settled_once(
    engine: Engine, week_at: WeekAt, told: Told
) -> None:
    for _ in range(3):
        tick(week_at(HOUR + timedelta(minutes=1)))
    assert len(told()) == 1, "it is not approved, and that is said once"
    with writing(engine) as connection:
        assert not schedule_runs.settle(connection, HOUR, house.NAME, "sent", HOUR)


def test_an_issue_that_is_not_approved_is_held_and_the_editors_are_told(week_at: WeekAt, told: Told) -> None:
    tick(week_at(HOUR))
    ((subject, text),) = told()
    assert house.NAME in subject
    assert "is not approved" in text


@pytest.mark.parametrize(("late", "state"), [(5.9, "sending"), (6.1, "approved")])
def test_an_issue_approved_within_the_grace_of_a_held_hour_leaves_at_once_and_once(
    engine: Engine, week_at: WeekAt, told: Told, late: float, state: str
) -> None:
    tick(week_at(HOUR))
    assert tick(week_at(HOUR + timedelta(minutes=9))) == [], "nothing has changed"
    house.people(engine, 1)
    house.approve(engine)
    settled = tick(week_at(HOUR + timedelta(hours=late)))
    assert house.state(engine) == state
    assert [one.outcome for one in settled] == ["sent"] * (state == "sending")
    assert tick(week_at(HOUR + timedelta(hours=late))) == []
    assert len(told()) == 1


def test_a_file_changed_after_approval_holds_the_issue(engine: Engine, week_at: WeekAt, told: Told) -> None:
    house.people(engine, 1)
    house.approve(engine)
    tick(replace(week_at(HOUR), sources=lambda _closing: {"newsletter.yaml": "1" * 64}))
    assert house.state(engine) == "approved"
    assert "newsletter.yaml" in told()[0][1]


def test_an_issue_with_errors_is_held_for_a_real_transport(
    engine: Engine, week_at: WeekAt, told: Told, settings: Settings
) -> None:
    house.people(engine, 1)
    house.approve(engine, errors=2)
    real = settings.model_copy(update={"transport": "smtp"})
    tick(replace(week_at(HOUR), settings=real))
    assert house.state(engine) == "approved"
    assert "2 errors" in told()[0][1]


@pytest.mark.parametrize(("late", "state"), [(5.9, "sending"), (6.1, "approved")])
def test_a_missed_hour_is_made_up_within_the_grace_and_held_after_it(
    engine: Engine, week_at: WeekAt, told: Told, late: float, state: str
) -> None:
    house.people(engine, 1)
    house.approve(engine)
    tick(week_at(HOUR + timedelta(hours=late)))
    assert house.state(engine) == state
    assert len(told()) == (state == "approved")


def test_an_issue_without_items_is_not_sent_and_nobody_is_troubled(
    engine: Engine, week_at: WeekAt, told: Told
) -> None:
    house.people(engine, 1)
    house.approve(engine)
    tick(replace(week_at(HOUR), has_items=lambda _closing: False))
    assert house.state(engine) == "approved"
    assert not told()


def test_on_a_snapshot_nothing_leaves_by_itself(engine: Engine, week_at: WeekAt, told: Told) -> None:
    house.people(engine, 1)
    house.approve(engine)
    tick(replace(week_at(HOUR), strange=True))
    assert house.state(engine) == "approved"
    assert "--adopt" in told()[0][1]


def test_what_was_sent_by_hand_is_not_sent_again_at_the_hour(
    engine: Engine, week_at: WeekAt, told: Told
) -> None:
    house.people(engine, 1)
    house.approve(engine)
    with writing(engine) as connection:
        issues.begin(connection, house.NAME, "outbox", HOUR - timedelta(hours=1))
    tick(week_at(HOUR))
    assert not told()
    assert house.state(engine) == "sending"


def test_an_issue_sent_by_hand_after_a_held_hour_is_not_sent_by_it_too(
    engine: Engine, week_at: WeekAt
) -> None:
    tick(week_at(HOUR))
    house.people(engine, 1)
    house.approve(engine)
    with writing(engine) as connection:
        issues.begin(connection, house.NAME, "outbox", HOUR)
    assert [one.outcome for one in tick(week_at(HOUR + timedelta(minutes=1)))] == ["it has left already"]
    assert house.state(engine) == "sending"
    with writing(engine) as connection:
        issues.change_state(connection, house.NAME, IssueState.APPROVED, among=[IssueState.SENDING])
    assert tick(week_at(HOUR + timedelta(minutes=2))) == [], "who takes it back means it"


def test_a_new_schedule_settles_nothing_of_the_past(engine: Engine, settings: Settings, told: Told) -> None:
    house.people(engine, 1)
    house.approve(engine)
    week = Week(
        engine=engine,
        settings=settings,
        sources=lambda _closing: house.SOURCES,
        has_items=lambda _closing: True,
        clock=lambda: HOUR + timedelta(hours=1),
    )
    tick(week)
    assert house.state(engine) == "approved"
    assert not told()


def test_a_scheduler_knows_its_own_database_and_no_older_snapshot_of_it(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as connection:
        first = schedule_runs.start(connection, None, HERE)
        assert first
        second = schedule_runs.start(connection, first, HERE)
        assert second == Mark(first.place, 2)
        third = schedule_runs.start(connection, first, HERE)
        assert third == Mark(first.place, 3), "killed before it could leave its mark, it goes on"
        assert schedule_runs.start(connection, Mark(first.place, 4), HERE) is None, "a snapshot was put back"
        assert schedule_runs.start(connection, None, HERE) is None, "a copy without its mark"
        adopted = schedule_runs.adopt(connection, HERE)
        assert schedule_runs.start(connection, adopted, HERE) == Mark(adopted.place, 2)


def test_a_mark_that_was_copied_with_its_database_is_known_by_where_it_is(engine: Engine) -> None:
    with writing(engine) as connection:
        first = schedule_runs.start(connection, None, HERE)
        assert schedule_runs.start(connection, first, ELSEWHERE) is None
        adopted = schedule_runs.adopt(connection, ELSEWHERE)
        assert schedule_runs.start(connection, adopted, ELSEWHERE) == Mark(adopted.place, 2)
        assert schedule_runs.start(connection, adopted, HERE) is None


def test_on_postgresql_each_machine_has_its_own_mark_and_adopting_takes_nobody_s(
    postgres_engine: Engine,
) -> None:
    with writing(postgres_engine) as connection:
        first = schedule_runs.start(connection, None, HERE)
        second = schedule_runs.start(connection, None, ELSEWHERE)
        assert first
        assert second
        assert first.place != second.place
        schedule_runs.adopt(connection, ELSEWHERE)
        assert schedule_runs.start(connection, first, HERE) == Mark(first.place, 2)
