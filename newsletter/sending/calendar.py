"""The weekly schedule: when issues start, also across clock changes, and how late a start may be."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from newsletter.config.parts import Schedule
from newsletter.config.types import DAYS
from newsletter.model import Period

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """A scheduled run: its moment in UTC, and the local day it belongs to, whose week names the issue.

    Where clocks jump over midnight the moment may fall on the day after.
    """

    moment: datetime
    day: date


@dataclass(frozen=True, slots=True)
class StartNow:
    """The issue of the scheduled run `run` starts now."""

    run: ScheduledRun


@dataclass(frozen=True, slots=True)
class Held:
    """The scheduled run `run` is later than the grace period allows: its issue waits for a person."""

    run: ScheduledRun
    late_by: timedelta


def next_runs(schedule: Schedule, zone: str, after: datetime, count: int) -> list[ScheduledRun]:
    """Return the next `count` scheduled runs after `after`; none if no weekly hour is set."""
    return list(islice(_since(schedule, zone, after), count))


def run_within(schedule: Schedule, zone: str, week: Period) -> ScheduledRun | None:
    """Return the scheduled run within the seven days `week`, if a weekly hour is set."""
    if schedule.weekly is None:
        return None
    weekday, hour = _parse(schedule.weekly)
    day = week.start + timedelta(days=(weekday - week.start.weekday()) % 7)
    return ScheduledRun(_instant(day, hour, ZoneInfo(zone)), day)


def due(schedule: Schedule, zone: str, last: datetime | None, now: datetime) -> StartNow | Held | None:
    """Return what to do at `now` about the first scheduled run that is not settled, if one is due.

    `last` is the moment of the last run that was settled (sent or held), or when the schedule was set; None
    means that all but the newest are settled. A caller settles the result and calls again, so that no missed
    run is skipped.
    """
    passed = takewhile(lambda run: run.moment <= now, _since(schedule, zone, last or now - 2 * _WEEK))
    unsettled = list(passed) if last else list(passed)[-1:]
    if not unsettled:
        return None
    late_by = now - unsettled[0].moment
    return Held(unsettled[0], late_by) if late_by > schedule.grace else StartNow(unsettled[0])


def _since(schedule: Schedule, zone: str, after: datetime) -> Iterator[ScheduledRun]:
    if schedule.weekly is None:
        return
    weekday, hour = _parse(schedule.weekly)
    here = ZoneInfo(zone)
    day = after.astimezone(here).date()
    day += timedelta(days=(weekday - day.weekday()) % 7)
    while True:
        moment = _instant(day, hour, here)
        if moment > after:
            yield ScheduledRun(moment, day)
        day += _WEEK


def _parse(weekly: str) -> tuple[int, time]:
    day, _, hour = weekly.partition(" ")
    return DAYS.index(day), time.fromisoformat(hour)


def _instant(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which clocks first show `hour` on `day`, or jump over it.

    Of an hour that occurs twice the first is taken (`fold` 0, PEP 495).
    """
    local = datetime.combine(day, hour, zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    # Clocks never show it. By PEP 495, `fold` 1 maps it to an instant before the jump, `fold` 0 to one after.
    before = local.replace(fold=1).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    seconds = range(int((instant - before).total_seconds()) + 1)
    jumped = bisect_left(
        seconds, 1, key=lambda s: (before + timedelta(seconds=s)).astimezone(zone).utcoffset() != offset
    )
    return before + timedelta(seconds=jumped)
