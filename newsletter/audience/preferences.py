"""Apply the preferences that a reader saves on their page, and describe what changed."""

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
    """Paused sections, or a pause of everything, until the day `until`; if that is empty, until resumed."""

    everything: bool = False
    sections: frozenset[str] = frozenset()
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Preferences as a reader saved them; `sections` are slugs, or `*` for all."""

    sections: frozenset[str]
    rest: Rest
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes by section slug; `paused` maps the last day of a pause to its sections."""

    left: bool
    every: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    paused: Mapping[str, tuple[str, ...]]
    resumed: tuple[str, ...]
    details: tuple[str, ...]
    """`name`, `language`, and slugs of fields."""

    @property
    def nothing(self) -> bool:
        """Whether nothing changed."""
        return not any(getattr(self, name) for name in Changes.__slots__)


def rest_of(choices: Choices, optional: Collection[str]) -> Rest:
    """Summarise all pauses: `everything` if all sections pause until one day; `until` only if common."""
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
    """Return `before` with the saved preferences; continued pauses keep their day unless it was changed."""
    return replace(before, language=wish.language, choices=_rested(before.choices, wish, optional))


def corrected(before: Record, answers: Answers, settings: Settings) -> Record:
    """Return `before` with the name and public fields of `answers`; private fields stay unchanged."""
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
    """Return the changes between two records; sections in the order of `optional`."""
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
