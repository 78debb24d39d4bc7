"""The weekly hour: once a week, at the local hour, whatever clocks and restarts do."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.parts import Schedule
from newsletter.config.types import DAYS
from newsletter.model import Period
from newsletter.sending.calendar import Held, ScheduledRun, StartNow, due, next_runs, run_within

KYIV = "Europe/Kyiv"
FRIDAY = Schedule(weekly="friday 16:00", grace=timedelta(hours=6))
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

schedules = st.builds(
    lambda day, hour, minute: Schedule(weekly=f"{day} {hour:02}:{minute:02}"),
    st.sampled_from(DAYS),
    st.integers(0, 23) | st.integers(0, 4),
    st.integers(0, 59),
)
zones = st.just(KYIV) | st.sampled_from(sorted(available_timezones()))
moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants them naive


def moment(text: str) -> datetime:
    """Read a moment of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(instant: datetime, zone: str) -> datetime:
    """Return what the clocks show."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def test_the_hour_is_local_in_winter_and_in_summer() -> None:
    winter = next_runs(FRIDAY, KYIV, moment("2025-02-10T00:00"), 2)
    summer = next_runs(FRIDAY, KYIV, moment("2025-07-07T00:00"), 1)
    assert winter == [
        ScheduledRun(moment("2025-02-14T14:00"), date(2025, 2, 14)),
        ScheduledRun(moment("2025-02-21T14:00"), date(2025, 2, 21)),
    ]
    assert summer == [ScheduledRun(moment("2025-07-11T13:00"), date(2025, 7, 11))]


@pytest.mark.parametrize(
    ("hour", "instant"),
    [
        ("02:59", "2025-03-30T00:59"),
        ("03:00", "2025-03-30T01:00"),
        ("03:30", "2025-03-30T01:00"),
        ("03:59", "2025-03-30T01:00"),
        ("04:00", "2025-03-30T01:00"),
        ("04:01", "2025-03-30T01:01"),
    ],
)
def test_an_hour_that_the_clocks_leave_out_fires_when_they_jump(hour: str, instant: str) -> None:
    [first, second] = next_runs(Schedule(weekly=f"sunday {hour}"), KYIV, moment("2025-03-25T00:00"), 2)
    assert first == ScheduledRun(moment(instant), date(2025, 3, 30))
    assert f"{wall(second.moment, KYIV)}" == f"2025-04-06 {hour}:00"


@pytest.mark.parametrize(
    ("hour", "instant"),
    [
        ("02:59", "2025-10-25T23:59"),
        ("03:00", "2025-10-26T00:00"),
        ("03:30", "2025-10-26T00:30"),
        ("04:00", "2025-10-26T02:00"),
    ],
)
def test_an_hour_that_the_clocks_show_twice_fires_the_first_time(hour: str, instant: str) -> None:
    [first, second] = next_runs(Schedule(weekly=f"sunday {hour}"), KYIV, moment("2025-10-22T00:00"), 2)
    assert first == ScheduledRun(moment(instant), date(2025, 10, 26))
    assert second.day == date(2025, 11, 2)


@pytest.mark.parametrize(
    ("zone", "weekly", "day", "shown"),
    [
        ("America/Scoresbysund", "saturday 23:30", date(2025, 3, 29), "2025-03-30 00:00:00"),
        ("Pacific/Apia", "friday 16:00", date(2011, 12, 30), "2011-12-31 00:00:00"),
    ],
)
def test_a_firing_keeps_its_day_where_clocks_jump_over_midnight(
    zone: str, weekly: str, day: date, shown: str
) -> None:
    start = datetime.combine(day, datetime.min.time(), UTC) - timedelta(days=3)
    [run] = next_runs(Schedule(weekly=weekly), zone, start, 1)
    assert run.day == day
    assert f"{wall(run.moment, zone)}" == shown


@given(schedules, zones, moments)
def test_there_is_exactly_one_firing_in_every_local_week(
    schedule: Schedule, zone: str, after: datetime
) -> None:
    found = next_runs(schedule, zone, after, 60)
    days = [run.day for run in found]
    instants = [after, *(run.moment for run in found)]
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert days == [days[0] + timedelta(weeks=n) for n in range(60)]
    assert all(timedelta(days=6) <= gap <= timedelta(days=8) for gap in gaps[1:])
    assert timedelta(0) < gaps[0] <= timedelta(days=8)


@given(schedules, zones, moments)
def test_a_firing_is_the_first_instant_that_is_not_before_the_hour(
    schedule: Schedule, zone: str, after: datetime
) -> None:
    hour = (schedule.weekly or "").split()[1]
    for run in next_runs(schedule, zone, after, 60):
        wanted = datetime.fromisoformat(f"{run.day} {hour}")
        assert wall(run.moment - SECOND, zone) < wanted <= wall(run.moment, zone)
        assert run.moment.astimezone(ZoneInfo(zone)).fold == 0 or wall(run.moment, zone) > wanted


@given(schedules, zones, moments)
def test_to_go_on_from_a_firing_is_to_get_the_next(schedule: Schedule, zone: str, after: datetime) -> None:
    found = next_runs(schedule, zone, after, 12)
    assert next_runs(schedule, zone, found[3].moment, 8) == found[4:]
    assert next_runs(schedule, zone, found[3].moment - SECOND, 9) == found[3:]


@given(schedules, zones, moments, st.integers(0, 6))
def test_every_week_has_its_firing_wherever_it_starts(
    schedule: Schedule, zone: str, after: datetime, start: int
) -> None:
    for run in next_runs(schedule, zone, after, 3):
        first = run.day - timedelta(days=start)
        week = Period(start=first, end=first + timedelta(days=6))
        assert run_within(schedule, zone, week) == run


def test_without_a_weekly_hour_nothing_fires() -> None:
    now = moment("2025-02-14T14:00")
    week = Period(start=date(2025, 2, 8), end=date(2025, 2, 14))
    assert next_runs(Schedule(), KYIV, now, 8) == []
    assert run_within(Schedule(), KYIV, week) is None
    assert due(Schedule(), KYIV, None, now) is None


LAST = moment("2025-02-07T14:00")
THIS = ScheduledRun(moment("2025-02-14T14:00"), date(2025, 2, 14))


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (-SECOND, None),
        (timedelta(0), StartNow(THIS)),
        (6 * HOUR, StartNow(THIS)),
        (6 * HOUR + SECOND, Held(THIS, 6 * HOUR + SECOND)),
        (timedelta(days=5), Held(THIS, timedelta(days=5))),
    ],
)
def test_an_issue_leaves_at_its_hour_or_within_the_grace_and_later_is_held(
    late: timedelta, expected: StartNow | Held | None
) -> None:
    assert due(FRIDAY, KYIV, LAST, THIS.moment + late) == expected


def test_when_nothing_was_ever_settled_only_the_newest_hour_counts() -> None:
    assert due(FRIDAY, KYIV, None, THIS.moment + HOUR) == StartNow(THIS)
    before = ScheduledRun(LAST, date(2025, 2, 7))
    assert due(FRIDAY, KYIV, None, THIS.moment - SECOND) == Held(before, timedelta(days=7) - SECOND)


@pytest.mark.parametrize(
    ("grace", "seconds"), [("90s", 90), ("15m", 900), ("6h", 6 * 3600), ("2d", 2 * 86400)]
)
def test_the_grace_is_counted_in_its_unit(grace: str, seconds: int) -> None:
    schedule = Schedule.model_validate({"weekly": "friday 16:00", "grace": grace})
    within, beyond = (THIS.moment + timedelta(seconds=n) for n in (seconds, seconds + 1))
    assert isinstance(due(schedule, KYIV, LAST, within), StartNow)
    assert isinstance(due(schedule, KYIV, LAST, beyond), Held)


def test_what_is_settled_is_not_due_again() -> None:
    assert due(FRIDAY, KYIV, THIS.moment, THIS.moment + HOUR) is None


@given(
    schedules,
    zones,
    moments,
    st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=20)), min_size=1, max_size=30),
)
def test_however_often_a_scheduler_sleeps_each_week_is_settled_once(
    schedule: Schedule, zone: str, start: datetime, naps: list[timedelta]
) -> None:
    last, now = start, start
    settled = []
    for nap in naps:
        now += nap
        while found := due(schedule, zone, last, now):
            assert isinstance(found, StartNow) == (now - found.run.moment <= timedelta(hours=6))
            settled.append(found.run)
            last = found.run.moment
    expected = [run for run in next_runs(schedule, zone, start, 100) if run.moment <= now]
    assert settled == expected
