"""What a reader sets on their own page, all at once, and what that changes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from newsletter.audience.forms import Answers
from newsletter.config import Settings
from newsletter.model import EVERY_SECTION, SubscriptionState
from newsletter.store.choices import (
    Choices,
    by_choosing,
    by_pausing,
    by_resuming,
    has_left,
    standing,
    wanted_of,
)
from newsletter.store.people import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Which sections are paused, or everything, and to which day; without one until the reader returns."""

    everything: bool = False
    sections: frozenset[str] = frozenset()
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A reader's page as they saved it; `sections` are slugs, or `*` for all."""

    sections: frozenset[str]
    rest: Rest
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is not as it was, by slug; `paused` with the day each pause ends."""

    left: bool
    every: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    paused: Mapping[str, tuple[str, ...]]
    resumed: tuple[str, ...]
    details: tuple[str, ...]
    """`name`, `language`, and fields."""

    @property
    def nothing(self) -> bool:
        """Whether all is as it was."""
        return not any(getattr(self, name) for name in Changes.__slots__)


def rest_of(choices: Choices, optional: Collection[str]) -> Rest:
    """Return the pauses as one: everything only if all ends on one day; a day only if it is common."""
    paused = {
        section: choice.until
        for section in (*optional, EVERY_SECTION)
        if (choice := standing(choices, section)).state == SubscriptionState.PAUSED
    }
    days = set(paused.values())
    everything = bool(paused) and len(days) == 1 and wanted_of(choices) <= paused.keys()
    return Rest(
        everything=everything,
        sections=frozenset() if everything else frozenset(paused) - {EVERY_SECTION},
        until=days.pop() if len(days) == 1 else "",
    )


def wished(before: Record, wish: Wish, optional: Collection[str]) -> Record:
    """Return what `before` becomes. Pauses that stay and are given no other day keep theirs."""
    return replace(before, language=wish.language, choices=_rested(before.choices, wish, optional))


def corrected(before: Record, answers: Answers, settings: Settings) -> Record:
    """Return `before` with the name and the public fields of `answers`; what is private stays as it is."""
    public = settings.public_fields
    kept = {field: value for field, value in before.attributes.items() if field not in public}
    return replace(before, name=answers.name, attributes=kept | dict(answers.attributes))


def _rested(choices: Choices, wish: Wish, optional: Collection[str]) -> Choices:
    was, rest = rest_of(choices, optional), wish.rest
    ended = frozenset() if rest.everything else was.sections - rest.sections
    if was.everything and not rest.everything:
        choices = by_resuming(choices, (), optional)
    elif ended:
        choices = by_resuming(choices, () if ended == was.sections else ended, optional)
    choices = by_choosing(choices, wish.sections, optional)
    same_day = rest.until == was.until
    if rest.everything:
        return by_pausing(choices, (), rest.until, optional)
    begun = rest.sections - was.sections if same_day and not was.everything else rest.sections
    return by_pausing(choices, begun, rest.until, optional) if begun else choices


def compare(before: Record, after: Record, optional: Collection[str]) -> Changes:
    """Return what changed for the reader; sections in the order of `optional`."""
    was = {section: standing(before.choices, section) for section in optional}
    now = {section: standing(after.choices, section) for section in optional}
    left, paused = SubscriptionState.LEFT, SubscriptionState.PAUSED
    fresh = [section for section in optional if now[section].state == paused and now[section] != was[section]]
    gone = has_left(after.choices) and not has_left(before.choices)
    return Changes(
        left=gone,
        every=EVERY_SECTION in wanted_of(after.choices) - wanted_of(before.choices),
        added=tuple(s for s in optional if was[s].state == left != now[s].state),
        removed=() if gone else tuple(s for s in optional if was[s].state != left == now[s].state),
        paused={
            day: tuple(section for section in fresh if now[section].until == day)
            for day in sorted({now[section].until for section in fresh})
        },
        resumed=tuple(
            s for s in optional if was[s].state == paused and now[s].state == SubscriptionState.ACTIVE
        ),
        details=_details(before, after),
    )


def _details(before: Record, after: Record) -> tuple[str, ...]:
    old = {"name": before.name, "language": before.language, **before.attributes}
    new = {"name": after.name, "language": after.language, **after.attributes}
    return tuple(key for key in dict.fromkeys((*old, *new)) if old.get(key, "") != new.get(key, ""))
