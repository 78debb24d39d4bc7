"""Rules for bounces and complaints: whom they suppress, what they change; no I/O, any order of events."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from newsletter.errors import Message
from newsletter.model import Outcome
from newsletter.store.choices import BOUNCED, COMPLAINED
from newsletter.store.events import Change, Event, Kind
from newsletter.transport.smtp_replies import About, cause, gone, split_reply, too_many_gone

# GNU Mailman 3's defaults: bounce_score_threshold, bounce_info_stale_after.
_THRESHOLD, _STALE = 5, timedelta(days=7)
# Gmail and Yahoo require a complaint rate below 0.1 %, and refuse senders from 0.3 %.
_WORTH_A_WARNING, _TOO_MANY, _ENOUGH = 0.001, 0.003, 200

_FIGURES = re.compile(r"\d+")
_OUTCOMES = {
    Kind.DELIVERED: Outcome.ACCEPTED,
    Kind.HARD: Outcome.BOUNCED,
    Kind.SOFT: Outcome.BOUNCED,
    Kind.COMPLAINT: Outcome.COMPLAINED,
}
_RANK = (Outcome.ACCEPTED, Outcome.BOUNCED, Outcome.COMPLAINED)


def failure(status: str, words: str) -> Kind:
    """Classify a permanent failure: HARD where the mailbox does not exist, else SOFT."""
    return Kind.HARD if gone(*split_reply(status, words)) else Kind.SOFT


def stopped_by(days: Iterable[date]) -> bool:
    """Return whether soft bounces on these days suppress a subscriber: five days, no gap over a week."""
    row, ordered = 1, sorted(set(days))
    for before, day in pairwise(ordered):
        row = row + 1 if day - before <= _STALE else 1
        if row >= _THRESHOLD:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects of a batch of events: changed deliveries, suppressions with reasons, and unsubscribes."""

    changes: Collection[Change]
    stopped: Mapping[int, str]
    leaving: Collection[int]
    troubled: Collection[str] = field(default=())
    """Issues with new complaints or hard bounces."""


def effects(
    events: Iterable[Event], soft: Iterable[Event], former: Collection[str], undone: Collection[str] = ()
) -> Effects:
    """Return the effects of `events`.

    `soft`: all soft bounces of their subscribers. `former`: ids of events about a subscriber's previous
    address, which say nothing of the new one. `undone`: ids of events from before an editor lifted the
    suppression; these suppress nobody.
    """
    changes: dict[tuple[str, int], Change] = {}
    stopped: dict[int, str] = {}
    leaving, troubled = set(), set()
    for event in events:
        if event.kind in _OUTCOMES:
            key = event.issue, event.subscriber
            told = Change(*key, _OUTCOMES[event.kind], *split_reply(event.code, event.detail))
            changes[key] = max(changes.get(key, told), told, key=_rank)
        if event.kind is Kind.COMPLAINT and event.id not in undone:
            stopped[event.subscriber] = _reason(COMPLAINED, event)
        elif event.kind is Kind.HARD and event.id not in former and event.id not in undone:
            stopped.setdefault(event.subscriber, _reason(BOUNCED, event))
        elif event.kind is Kind.UNSUBSCRIBE:
            leaving.add(event.subscriber)
        if event.kind in {Kind.COMPLAINT, Kind.HARD}:
            troubled.add(event.issue)
    for number, last in _worn_out(soft).items():
        stopped.setdefault(number, _reason(f"{BOUNCED} again and again", last))
    return Effects(changes.values(), stopped, leaving, troubled)


def _rank(change: Change) -> int:
    return _RANK.index(change.outcome)


def _reason(how: str, event: Event) -> str:
    words = event.detail if event.code in event.detail else f"{event.code} {event.detail}"
    return f"{how}: {words}".rstrip(": ")


def _worn_out(soft: Iterable[Event]) -> dict[int, Event]:
    """Return the subscribers with too many soft bounces, each with the last; our own faults do not count."""
    days: defaultdict[int, dict[date, Event]] = defaultdict(dict)
    for event in soft:
        if cause(*split_reply(event.code, event.detail)).about in {About.RECIPIENT, About.UNSAID}:
            days[event.subscriber][date.fromisoformat(event.at[:10])] = event
    return {number: found[max(found)] for number, found in days.items() if stopped_by(found)}


def worth_a_pause(counts: Mapping[Outcome, int], gone: int) -> list[str]:
    """Return the reasons to pause the sending of an issue, if any.

    `counts` are its deliveries by outcome; `gone` is the number refused as non-existent addresses.
    """
    total = sum(counts.values()) - counts[Outcome.SUPPRESSED]
    return [reason for reason in (_complaints(counts, _TOO_MANY), too_many_gone(gone, total)) if reason]


def worth_a_warning(counts: Mapping[Outcome, int]) -> str:
    """Return a warning for the operator about an issue's complaint rate, or ""."""
    return _complaints(counts, _WORTH_A_WARNING)


def _complaints(counts: Mapping[Outcome, int], share: float) -> str:
    complaints = counts[Outcome.COMPLAINED]
    taken = counts[Outcome.ACCEPTED] + counts[Outcome.BOUNCED] + complaints
    if taken < _ENOUGH or complaints < share * taken:
        return ""
    return Message(
        "%(complaints)s of %(taken)s readers complained of it as spam", complaints=complaints, taken=taken
    )


def is_news(reasons: Iterable[str], known: str) -> bool:
    """Return whether one of `reasons` is not yet in `known`, comparing the texts without their numbers."""
    return any(_FIGURES.sub("", reason) not in _FIGURES.sub("", known) for reason in reasons)
