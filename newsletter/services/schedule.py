"""The weekly hours of a workspace: the next ones and what they would send, held ones, settling those due."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.errors import ConfigError, ContentError, Message
from newsletter.sending.calendar import next_runs, run_within
from newsletter.services.approval import Standing, standing

if TYPE_CHECKING:
    from newsletter.config import Settings
    from newsletter.model import Period
    from newsletter.services import Workspace
    from newsletter.store.schedule_runs import Settled

NO_EDITORS_TO_NOTIFY = (
    "newsletter.yaml sets a weekly hour but no editors, so nobody is notified when the issue is held\n"
    "  Add a line: `editors: [name@example.org]`"
)
_SHOWN = 8
_WEEKDAYS = (
    Message("Monday"),
    Message("Tuesday"),
    Message("Wednesday"),
    Message("Thursday"),
    Message("Friday"),
    Message("Saturday"),
    Message("Sunday"),
)


@dataclass(frozen=True, slots=True)
class Hour:
    """A weekly hour: its moment in the workspace's timezone, its issue, and the state of its approval."""

    moment: datetime
    issue: date
    standing: Standing


@dataclass(frozen=True, slots=True)
class HeldHour:
    """A weekly hour whose issue was held; approved before `until` (local time), the issue still starts."""

    settled: "Settled"
    until: datetime


@dataclass(frozen=True, slots=True)
class SettledHour:
    """A weekly hour that was settled now; `until` is when approving its held issue no longer starts it."""

    settled: "Settled"
    until: datetime | None = None


def hours(workspace: "Workspace", closing: date | None = None) -> list[Hour]:
    """Return the next eight weekly hours, or the one of the issue that closes on `closing`.

    Raises ConfigError when no weekly hour is set, ContentError when no issue closes on that day.
    """
    settings = workspace.settings
    schedule, zone = settings.schedule, settings.timezone
    if closing:
        one = run_within(schedule, zone, _week(settings, closing))
        found = [one] if one else []
    else:
        found = next_runs(schedule, zone, workspace.now(), _SHOWN)
    if not found:
        raise ConfigError(
            "newsletter.yaml sets no weekly hour", "Add a line: `schedule: {weekly: friday 16:00, grace: 6h}`"
        )
    return [
        Hour(run.moment.astimezone(ZoneInfo(zone)), issue, standing(workspace, issue))
        for run in found
        for issue in (settings.closing_day(run.day),)
    ]


def leaves_at(workspace: "Workspace", closing: date) -> datetime | None:
    """Return the weekly hour of the issue that closes on `closing` in local time, or None without one."""
    settings = workspace.settings
    run = run_within(settings.schedule, settings.timezone, settings.period(closing))
    return run.moment.astimezone(ZoneInfo(settings.timezone)) if run else None


def _week(settings: "Settings", closing: date) -> "Period":
    last = settings.closing_day(closing)
    if last != closing:
        raise ContentError(
            Message(
                "no issue closes on %(weekday)s, %(closing)s",
                weekday=_WEEKDAYS[closing.weekday()],
                closing=closing,
            ),
            Message(
                "That week closes on %(weekday)s; its issue is %(last)s (week.starts in newsletter.yaml).",
                weekday=_WEEKDAYS[last.weekday()],
                last=last.isoformat(),
            ),
        )
    return settings.period(closing)


def held_hours(workspace: "Workspace") -> list[HeldHour]:
    """Return the held weekly hours that are less than the grace period ago. Raises StoreError."""
    from newsletter.store import schedule_runs
    from newsletter.store.db import reading

    within, zone = workspace.settings.schedule.grace, ZoneInfo(workspace.settings.timezone)
    with reading(workspace.readable) as connection:
        recent = schedule_runs.settled_since(connection, workspace.now() - within)
    return [HeldHour(one, (one.moment + within).astimezone(zone)) for one in recent if one.held]


def was_held(workspace: "Workspace", issue: str) -> bool:
    """Return whether `issue` was held at its weekly hour, however long ago. Raises StoreError."""
    from newsletter.store import schedule_runs
    from newsletter.store.db import reading

    with reading(workspace.readable) as connection:
        return schedule_runs.held(connection, issue)


def settle_due(workspace: "Workspace") -> list[SettledHour]:
    """Settle the weekly hours that are due: start the approved issue of each, or hold it. Idempotent."""
    from newsletter.sending import weekly
    from newsletter.services.scheduler import week

    settled = weekly.tick(week(workspace))
    open_until = {one.settled.issue: one.until for one in held_hours(workspace)}
    return [SettledHour(one, open_until.get(one.issue) if one.held else None) for one in settled]


def lacks_editors(workspace: "Workspace") -> bool:
    """Return whether a weekly hour is set but no editors to notify when its issue is held."""
    return bool(workspace.settings.schedule.weekly and not workspace.settings.editors)
