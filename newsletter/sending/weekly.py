"""Weekly schedule: start the approved issue at its hour, exactly once, or hold it and notify the editors.

Settling an hour and starting its issue, or queueing the note that says why not, is one transaction. A held
hour is checked again until its grace period ends: if the issue is approved by then, it starts.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from newsletter.config import Settings
from newsletter.errors import ContentError, Message, StateError
from newsletter.i18n import for_editors, translations
from newsletter.model import IssueState
from newsletter.sending.calendar import Held, StartNow, due
from newsletter.sending.clock import JUMP
from newsletter.sending.start import start, startable
from newsletter.store import issues, letters, schedule_runs
from newsletter.store.db import reading, writing
from newsletter.store.issues import Frozen
from newsletter.store.schedule_runs import EMPTY, LEFT, SENT, Settled

_log = logging.getLogger(__name__)
_STRANGE = "the database is a restored snapshot, or a copy (to go on with it: newsletter schedule --adopt)"
_HELD = "Issue %(issue)s was not sent automatically at its weekly hour: %(why)s."
_TRIES = 3  # in case somebody approves it at that very moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The parameters of the weekly schedule: `sources` returns an issue's files.

    `doubt` returns why the clock is in doubt, if it is; `strange` says that the database is a snapshot or a
    copy, so that nothing may start automatically.
    """

    engine: Engine
    settings: Settings
    sources: Callable[[date], Mapping[str, str]]
    has_items: Callable[[date], bool]
    clock: Callable[[], datetime]
    doubt: Callable[[], str] = lambda: ""
    strange: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """An issue as read before the transaction: the outcome for its hour, and what is approved."""

    outcome: str
    frozen: Frozen | None = None


class _ChangedMeanwhile(Exception):  # noqa: N818  it is not an error
    """The issue has changed since it was read before the transaction: read it again."""


def tick(week: Week) -> Sequence[Settled]:
    """Settle every weekly hour that is due; return the outcomes of those that this call settled.

    Idempotent under concurrency: of any number of schedulers exactly one settles each hour. None is settled
    while the clock is in doubt. Raises StoreError.
    """
    if week.doubt():
        return []
    now, settings = week.clock(), week.settings
    last, settled = _last(week, now), []
    while found := due(settings.schedule, settings.timezone, last, now):
        last = found.run.moment
        hour = Settled(last, settings.closing_day(found.run.day).isoformat(), "")
        settled.append(_settle(week, hour, _reason(week, found), now))
    settled.append(_look_again(week, now))
    return [one for one in settled if one]


def _last(week: Week, now: datetime) -> datetime:
    """Return the last settled hour. One in the future is ignored; the first call begins the schedule."""
    with reading(week.engine) as connection:
        last = schedule_runs.last(connection, now + JUMP)
        future = schedule_runs.settled_since(connection, now + JUMP)
    if last is None or future:
        begin = now - week.settings.schedule.grace if future else now  # a wrong clock began it too late
        with writing(week.engine) as connection:
            if schedule_runs.forget_future(connection, now + JUMP):
                _log.warning("%d weekly hours were settled by a clock that was ahead: undone", len(future))
            if last is None:
                schedule_runs.found(connection, begin, now)
    return last or begin


def _reason(week: Week, found: StartNow | Held) -> str:
    """Return why no issue at all may start at this hour, or an empty string."""
    if isinstance(found, Held):
        hours = found.late_by.total_seconds() / 3600
        return Message(
            "the hour was missed by %(hours)s hours, more than schedule.grace allows", hours=f"{hours:.1f}"
        )
    return _STRANGE if week.strange else ""


def _settle(week: Week, hour: Settled, reason: str, now: datetime) -> Settled | None:
    """Settle one hour, unless another scheduler has done so: start its issue, or hold it."""

    def settle(connection: Connection, outcome: str) -> bool:
        if not schedule_runs.settle(connection, hour.moment, hour.issue, outcome, now):
            return False
        settled = Settled(hour.moment, hour.issue, outcome)
        if settled.held:
            _notify(connection, week.settings, settled, now)
        return True

    return _decide(week, hour, reason, settle)


def _look_again(week: Week, now: datetime) -> Settled | None:
    """Start the issue of an hour that was held within the grace period, if it may be sent by now."""
    with reading(week.engine) as connection:
        recent = schedule_runs.settled_since(connection, now - week.settings.schedule.grace)
    hour = next((one for one in reversed(recent) if one.held or one.outcome == EMPTY), None)
    if hour is None:
        return None

    def settle(connection: Connection, outcome: str) -> bool:
        return schedule_runs.change(connection, hour, outcome, now)

    return _decide(week, hour, _STRANGE if week.strange else "", settle, only=(SENT, LEFT))


def _decide(
    week: Week,
    hour: Settled,
    reason: str,
    settle: Callable[[Connection, str], bool],
    only: Sequence[str] = (),
) -> Settled | None:
    """Read the issue; then, in one transaction, record the outcome by `settle`, and start the issue.

    Does nothing when `only` is given and the outcome is not in it.
    """
    for _ in range(_TRIES):
        seen = _look(week, hour.issue)
        outcome = reason if reason and seen.outcome not in (EMPTY, LEFT) else seen.outcome
        if only and outcome not in only:
            return None
        try:
            with writing(week.engine) as connection:
                _refuse_changed(issues.lock(connection, hour.issue), seen.frozen)
                if not settle(connection, outcome):
                    return None
                if outcome == SENT and seen.frozen:
                    start(connection, seen.frozen, week.settings.transport, week.clock())
        except _ChangedMeanwhile:
            continue
        return Settled(hour.moment, hour.issue, outcome)
    return None


def _look(week: Week, name: str) -> _Seen:
    """Return the outcome for issue `name`: sent, or why not."""
    closing = date.fromisoformat(name)
    with reading(week.engine) as connection:
        frozen = issues.find(connection, name)
    if frozen and frozen.state in (IssueState.SENDING, IssueState.SENT):
        return _Seen(LEFT, frozen)
    if not week.has_items(closing):
        return _Seen(EMPTY, frozen)
    try:
        return _Seen(SENT, startable(week.engine, name, week.sources(closing), week.settings.transport))
    except ContentError as error:
        return _Seen("; ".join(problem.text for problem in error.problems), frozen)
    except StateError as error:
        return _Seen(error.message, frozen)


def _refuse_changed(now: Frozen | None, seen: Frozen | None) -> None:
    if (now.state, now.fingerprint) != (seen.state, seen.fingerprint) if now and seen else now is not seen:
        raise _ChangedMeanwhile


def _notify(connection: Connection, settings: Settings, held: Settled, now: datetime) -> None:
    """Queue the letter that notifies the editors why an issue was held."""
    name, language = held.issue, settings.language
    subject = translations(language).gettext("%(title)s: %(issue)s was not sent")
    words = for_editors(_HELD, language, issue=name, why=held.outcome)
    letters.put_note(
        connection,
        settings.editor_addresses,
        subject % {"title": settings.title, "issue": name},
        f"{words}\n\nnewsletter check {name}\nnewsletter approve {name} --by …\nnewsletter send {name}\n",
        now,
    )
