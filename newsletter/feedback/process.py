"""Process stored feedback events: apply the rules and write their effects, one transaction a batch."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from newsletter.errors import joined
from newsletter.feedback.rules import (
    Effects,
    effects,
    failure,
    is_news,
    worth_a_pause,
    worth_a_warning,
)
from newsletter.model import IssueState
from newsletter.store import deliveries, events, issues, people
from newsletter.store.db import reading, writing
from newsletter.store.events import Event, Kind
from newsletter.transport.smtp_replies import count_gone, storable

_log = logging.getLogger(__name__)
_BATCH = 500
_LATELY = timedelta(days=14)


@dataclass(slots=True)
class Done:
    """How many events were processed, and how many subscribers they suppressed or unsubscribed."""

    events: int = 0
    suppressed: int = 0
    left: int = 0


def process(engine: Engine, now: datetime) -> Done:
    """Process all pending events and the refusals of relays in the last 14 days. Raises StoreError."""
    done = Done()
    _take_in_refusals(engine, now)
    while True:
        with reading(engine) as connection:
            if not events.waiting(connection):
                return done
        with writing(engine) as connection:
            found = events.take(connection, _BATCH)
            _apply(connection, found, now, done)
        if not found:  # another process has locked the rest
            return done


def _take_in_refusals(engine: Engine, now: datetime) -> None:
    """Store refusals during sending as events: the rules treat them like bounces."""
    with reading(engine) as connection:
        refused = events.refusals(connection, now - _LATELY)
    if refused:
        with writing(engine) as connection:
            events.put(connection, map(_refusal, refused))


def _refusal(one: events.Refusal) -> Event:
    words = f"{one.code} {one.detail}" if one.code else one.detail
    return Event(
        id=one.id,
        source="relay",
        kind=failure("", words),
        subscriber=one.subscriber,
        issue=one.issue,
        detail=storable(words),
        at=one.at,
    )


def _apply(connection: Connection, found: Iterable[Event], now: datetime, done: Done) -> None:
    found = list(found)
    soft = events.soft(connection, {one.subscriber for one in found if one.kind is Kind.SOFT})
    former = events.about_former_addresses(connection, found)
    does = effects(found, soft, former, events.before_a_restoring(connection, found))
    for number in sorted({*does.stopped, *does.leaving}):  # always in this order, to avoid deadlocks
        if number in does.stopped:
            done.suppressed += events.suppress(connection, number, does.stopped[number], now)
        if number in does.leaving:
            done.left += people.leave(connection, number, (), (), now)
    events.change(connection, does.changes, now)
    _look_at_issues(connection, does)
    events.finish(connection, found, now)
    done.events += len(found)


def _look_at_issues(connection: Connection, does: Effects) -> None:
    """Pause an issue with too many complaints or non-existent addresses.

    After somebody resumed it, the same reason does not pause it again.
    """
    for name in does.troubled:
        issue = issues.find(connection, name)
        if issue is None:
            continue
        counts = deliveries.counts(connection, name)
        if warning := worth_a_warning(counts):
            _log.warning("issue %s: %s", name, warning)
        reasons = worth_a_pause(counts, count_gone(deliveries.failures(connection, name)))
        if is_news(reasons, issue.reason):
            sending, reason = [IssueState.SENDING], joined(reasons, "; ")
            if issues.change_state(connection, name, IssueState.PAUSED, among=sending, reason=reason):
                _log.warning("issue %s is paused: %s", name, reason)
