"""A clock that is wrong: noticed, told, waited out, and nothing that cannot be taken back is done by it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Engine, insert, select, update

from newsletter.config import read_settings
from newsletter.sending.clock import JUMP, REST, STEADY, ClockWatch, Look, judge, present_doubt
from newsletter.sending.weekly import Week, tick
from newsletter.store import letters, schedule_runs
from newsletter.store.clock import Seen
from newsletter.store.db import reading, writing
from newsletter.store.schema import chunk, letter, rate_limit
from tests.sending import house

ROOT = Path(__file__).parents[2]
HOUR = datetime(2025, 2, 14, 14, 0, tzinfo=UTC)  # friday 16:00 in Kyiv
NOON = HOUR - timedelta(hours=4)
WEEK, DAY, MINUTE = timedelta(weeks=1), timedelta(days=1), timedelta(minutes=1)
YEAR = timedelta(days=365)


class Machine:
    """A machine whose clock can be set, and one inside that nobody sets."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.now, self.running = NOON, 1000.0
        self.told: list[str] = []
        self._settings = read_settings(ROOT)
        self.start()

    def start(self) -> None:
        """Start the program anew: it remembers what the database does."""
        self._watch = ClockWatch(
            self._engine,
            lambda: self.now,
            tell=lambda _connection, words: self.told.append(words),
            machine=lambda: datetime.now(UTC),
            running=lambda: self.running,
        )

    def set(self, moment: datetime) -> None:
        """Set the clock."""
        self.now = moment

    def wait(self, span: timedelta) -> None:
        """Let time pass, without a look."""
        self.now += span
        self.running += span.total_seconds()

    def tick(self, span: timedelta = timedelta(seconds=1)) -> list[str]:
        """Let time pass, and do what is due; return what became of hours."""
        self.wait(span)
        week = Week(
            engine=self._engine,
            settings=self._settings,
            sources=lambda _closing: house.SOURCES,
            has_items=lambda closing: closing.isoformat() == house.NAME,
            clock=lambda: self.now,
            doubt=self._watch.doubt,
        )
        return [f"{one.issue}: {one.outcome}" for one in tick(week)]

    def live(self, until: datetime) -> list[str]:
        """Look every five minutes until then; return what became of hours."""
        became = []
        while self.now < until:
            became += self.tick(min(5 * MINUTE, until - self.now))
        return became

    @property
    def doubt(self) -> str:
        """What another program is told of the clock."""
        return present_doubt(self._engine, "", self.now)


@pytest.fixture
def machine(sqlite_engine: Engine) -> Machine:
    """Run the press for a while at the noon before its hour, its issue approved."""
    house.people(sqlite_engine, 1)
    house.approve(sqlite_engine)
    machine = Machine(sqlite_engine)
    machine.live(NOON + timedelta(minutes=30))
    return machine


SENT = [f"{house.NAME}: sent"]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("ahead", [YEAR, 3 * WEEK])
def test_a_clock_far_ahead_for_ten_seconds_settles_nothing_and_the_hour_comes(
    machine: Machine, ahead: timedelta, restarted: bool
) -> None:
    machine.now += ahead
    if restarted:
        machine.start()
    assert [machine.tick() for _ in range(10)] == [[]] * 10
    assert len(machine.told) == 1, "once, not every second"
    assert "jumped ahead" in machine.told[0]
    assert machine.doubt == machine.told[0]
    machine.now -= ahead
    if restarted:
        machine.start()
    assert machine.tick() == []
    assert machine.doubt == ""
    assert machine.live(HOUR + MINUTE) == SENT


def test_a_clock_that_jumps_over_the_hour_while_the_program_runs_sends_nothing_early(
    machine: Machine,
) -> None:
    machine.set(HOUR + MINUTE)
    assert machine.tick() == []
    machine.set(NOON + timedelta(minutes=31))
    assert machine.tick() == []
    assert machine.live(HOUR + MINUTE) == SENT


def test_a_jump_that_stays_is_believed_once_it_has_been_steady(machine: Machine) -> None:
    machine.set(HOUR - 5 * MINUTE)
    assert machine.tick() == []
    assert machine.live(HOUR + MINUTE) == []
    assert machine.live(HOUR - 5 * MINUTE + STEADY + MINUTE) == SENT


def test_a_second_jump_is_no_sign_that_the_first_was_right(machine: Machine) -> None:
    machine.set(HOUR - DAY + YEAR)
    assert machine.tick() == []
    machine.now += 2 * DAY
    assert machine.tick() == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_a_day_behind_is_told_and_the_hour_comes_when_it_is_right(
    machine: Machine, restarted: bool
) -> None:
    machine.now -= DAY
    if restarted:
        machine.start()
    assert machine.tick() == []
    assert "went back" in machine.doubt
    machine.now += DAY
    assert machine.tick() == []
    assert machine.live(HOUR + MINUTE) == SENT


def test_a_press_first_started_a_year_ahead_is_not_silent_for_a_year(sqlite_engine: Engine) -> None:
    house.people(sqlite_engine, 1)
    house.approve(sqlite_engine)
    machine = Machine(sqlite_engine)
    machine.set(HOUR + YEAR)
    assert machine.tick() == []
    machine.start()
    machine.set(HOUR - MINUTE)
    assert machine.tick() == []
    assert machine.live(HOUR + MINUTE) == SENT


def test_hours_that_a_wrong_clock_settled_are_settled_anew(sqlite_engine: Engine, machine: Machine) -> None:
    with writing(sqlite_engine) as connection:
        for weeks in (0, 1, 52):
            hour = HOUR + weeks * WEEK
            schedule_runs.settle(connection, hour, str(hour.date()), "the hour was missed by 9.0 hours", hour)
    assert machine.live(HOUR + MINUTE) == SENT
    with reading(sqlite_engine) as connection:
        assert schedule_runs.last(connection, HOUR + 2 * YEAR) == HOUR


def test_what_a_clock_ahead_has_put_off_is_due_when_it_is_right(engine: Engine) -> None:
    house.people(engine, 1)
    house.approve(engine)
    machine = Machine(engine)
    machine.live(NOON + timedelta(minutes=30))
    with writing(engine) as connection:
        letters.put_note(connection, ["desk@example.org"], "x", "y", machine.now)
    machine.now += YEAR
    machine.tick()
    late = (machine.now + timedelta(minutes=5)).timestamp()
    with writing(engine) as connection:
        connection.execute(update(letter).values(due_at=late))
        connection.execute(update(chunk).values(lease_until=late, worker="gone"))
        connection.execute(insert(rate_limit).values(scope="relay:smtp", free_at=late))
    machine.now -= YEAR
    machine.tick()
    with reading(engine) as connection:
        moments = [
            connection.execute(select(column)).scalar_one()
            for column in (letter.c.due_at, chunk.c.lease_until, rate_limit.c.free_at)
        ]
    assert moments == [machine.now.timestamp()] * 3


def test_an_issue_that_is_to_start_later_is_not_started_by_a_clock_that_was_ahead(
    sqlite_engine: Engine, machine: Machine
) -> None:
    later = (machine.now + DAY + timedelta(hours=1)).timestamp()
    with writing(sqlite_engine) as connection:
        connection.execute(update(chunk).values(lease_until=later))
    machine.now += DAY
    machine.tick()
    machine.now -= DAY
    machine.tick()
    with reading(sqlite_engine) as connection:
        assert connection.execute(select(chunk.c.lease_until)).scalar_one() == later


def test_a_server_that_was_off_for_a_weekend_is_believed(machine: Machine) -> None:
    machine.start()
    machine.running = 5.0  # it has been started anew
    machine.set(HOUR + 2 * DAY)
    (became,) = machine.tick()
    assert "missed by 48.0 hours" in became
    assert machine.told == []


@pytest.mark.parametrize(("off", "words"), [(3 * WEEK, "ahead of"), (-DAY, "behind")])
def test_a_machine_whose_clock_is_not_the_database_server_s_starts_nothing(
    postgres_engine: Engine, off: timedelta, words: str
) -> None:
    machine, told = [datetime.now(UTC) + off], []
    watch = ClockWatch(
        postgres_engine,
        lambda: machine[0],
        tell=lambda _, said: told.append(said),
        machine=lambda: machine[0],
    )
    assert f"{words} the database server's" in watch.doubt()
    assert watch.doubt() == told[0]
    machine[0] = datetime.now(UTC)
    assert watch.doubt() == ""
    assert len(told) == 1


NIGHTS = [datetime(2025, 3, 29, 22, tzinfo=UTC), datetime(2025, 10, 25, 22, tzinfo=UTC)]


@pytest.mark.parametrize("night", NIGHTS)
def test_the_nights_on_which_clocks_change_are_no_jump(sqlite_engine: Engine, night: datetime) -> None:
    machine = Machine(sqlite_engine)
    machine.set(night)
    while machine.now < night + timedelta(hours=6):
        machine.tick(timedelta(minutes=20))
        assert machine.doubt == ""
    assert machine.told == []


moments = some.timedeltas(min_value=-2 * YEAR, max_value=2 * YEAR).map(lambda off: NOON + off)


@given(some.lists(moments, min_size=1, max_size=6), moments)
def test_whatever_a_clock_has_shown_it_is_believed_once_it_is_steady(
    shown: list[datetime], now: datetime
) -> None:
    seen: Seen | None = None
    for moment in shown:
        seen = judge(seen, Look(now=moment))
    assert seen
    for minutes in range(12):
        seen = judge(seen, Look(now=now + minutes * MINUTE))
    assert seen.doubt == ""
    assert seen.last == now + 11 * MINUTE


@given(some.timedeltas(min_value=timedelta(), max_value=REST))
def test_time_that_passes_is_no_jump(rest: timedelta) -> None:
    seen = Seen(first=NOON - DAY, last=NOON)
    assert judge(seen, Look(now=NOON + rest)) == replace(seen, last=NOON + rest)


@given(some.timedeltas(min_value=JUMP + MINUTE, max_value=YEAR), some.booleans())
def test_a_clock_that_does_not_go_with_the_one_that_nobody_sets_is_doubted(
    off: timedelta, back: bool
) -> None:
    seen = Seen(first=NOON - DAY, last=NOON)
    now = NOON - off if back else NOON + off
    assert judge(seen, Look(now=now, expected=NOON)).doubt
