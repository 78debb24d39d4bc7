"""Every week on its own: at its hour the approved issue begins to leave, once, or is held and told of."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from newsletter.config import Settings
from newsletter.errors import NewsletterError
from newsletter.model import IssueState
from newsletter.sending.calendar import Fire, Firing, Held, due
from newsletter.sending.freeze import may_begin, verify
from newsletter.store import firings, issues, ledger
from newsletter.store.db import writing

_log = logging.getLogger(__name__)
_SENT = "sent"
_EMPTY = "it has no items"
_LEFT = "it has left already"
_STRANGE = "the database is a snapshot put back, or a copy (newsletter schedule --adopt goes on with it)"
_PREPARED = (IssueState.APPROVED, IssueState.SCHEDULED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What the weekly hour works with: `sources` gives an issue's files, `tell` writes to the editors.

    `strange` says that the database is a snapshot or a copy, so that nothing may leave by itself.
    """

    engine: Engine
    settings: Settings
    sources: Callable[[date], Mapping[str, str]]
    has_items: Callable[[date], bool]
    tell: Callable[[str, str], None]
    clock: Callable[[], datetime]
    strange: bool = False


def tick(week: Week) -> None:
    """Settle every weekly hour that is due: begin its issue, or hold it and tell the editors why.

    Any number of schedulers may do so at once: each hour is settled by one. Raises StoreError.
    """
    settings = week.settings
    while True:
        now = week.clock()
        with writing(week.engine) as connection:
            last = firings.last(connection, now)
        found = due(settings.schedule, settings.timezone, last, now)
        if found is None:
            return
        closing = settings.closing_day(found.firing.day)
        reason = _late(found) or (_STRANGE if week.strange else "")
        _settle(week, found.firing, closing, reason)


def _late(found: Fire | Held) -> str:
    if isinstance(found, Fire):
        return ""
    hours = found.late_by.total_seconds() / 3600
    return f"the hour was missed by {hours:.1f} hours, more than schedule.grace allows"


def _settle(week: Week, firing: Firing, closing: date, reason: str) -> None:
    """Settle one hour, unless another scheduler does."""
    name = closing.isoformat()
    with writing(week.engine) as connection:
        if not firings.settle(connection, firing.moment, name, reason or _SENT, week.clock()):
            return
    outcome = reason or _begin(week, closing)
    if outcome != _SENT:
        with writing(week.engine) as connection:
            firings.tell(connection, firing.moment, outcome)
    _log.info("issue %s at its weekly hour: %s", name, outcome)
    if outcome not in (_SENT, _EMPTY, _LEFT):
        week.tell(
            f"{week.settings.title}: {name} не надіслано",
            f"Випуск {name} не вийшов сам у свою годину: {outcome}.\n\n"
            f"Issue {name} did not leave by itself at its weekly hour: {outcome}.\n\n"
            f"newsletter check {name}\nnewsletter approve {name} --by …\nnewsletter send {name}\n",
        )


def _begin(week: Week, closing: date) -> str:
    """Let the issue leave; return what became of it."""
    name, transport = closing.isoformat(), week.settings.transport
    if not week.has_items(closing):
        return _EMPTY
    try:
        frozen = verify(week.engine, name, week.sources(closing))
        if frozen.state not in _PREPARED:
            return _LEFT if frozen.state in (IssueState.SENDING, IssueState.SENT) else f"it is {frozen.state}"
        may_begin(frozen, transport)
    except NewsletterError as error:
        return str(error)
    with writing(week.engine) as connection:
        now = week.clock()
        ledger.postpone(connection, name, now)
        issues.begin(connection, name, transport, now)
    return _SENT
