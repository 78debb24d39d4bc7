"""What a reader's choice of sections becomes: by a list's word, and by the reader's own, which is stronger.

Two things hold after every step. Whoever left everything comes back only by themselves. And `*` never stands
beside a section that the reader left or paused: it is written out as the other sections instead.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import NamedTuple

from newsletter.model import EVERY_SECTION, SubscriptionState


class Origin(StrEnum):
    """Who made a choice; only a reader undoes what a reader chose."""

    LIST = "list"
    READER = "reader"


class Choice(NamedTuple):
    """What stands for one section."""

    state: SubscriptionState
    origin: Origin
    until: str = ""
    """The day a pause ends, 2025-03-01; empty: it does not by itself."""


Choices = Mapping[str, Choice]
"""By section slug, or `*` for all."""

LISTED = Choice(SubscriptionState.ACTIVE, Origin.LIST)
CHOSEN = Choice(SubscriptionState.ACTIVE, Origin.READER)
LEFT = Choice(SubscriptionState.LEFT, Origin.READER)
_STOPPED = (SubscriptionState.LEFT, SubscriptionState.PAUSED)


def has_left(choices: Choices) -> bool:
    """Tell whether the reader has left everything."""
    return bool(choices) and all(choice.state == SubscriptionState.LEFT for choice in choices.values())


def wanted_of(choices: Choices) -> frozenset[str]:
    """Return the sections, or `*`, that come or will after a pause."""
    return frozenset(section for section, choice in choices.items() if choice.state != SubscriptionState.LEFT)


def standing(choices: Choices, section: str) -> Choice:
    """Return what stands for `section`: its own choice, or that of `*`; what was never chosen is left."""
    return choices.get(section) or choices.get(EVERY_SECTION) or LEFT


def by_list(choices: Choices, wanted: Collection[str], optional: Collection[str]) -> Choices:
    """Return the choices after a list said `wanted`; `optional` are the sections that can be left.

    What the list chose earlier is replaced; what the reader did stays.
    """
    if choices and all(choice.state in _STOPPED for choice in choices.values()):
        return choices
    own = {
        section: choice
        for section, choice in choices.items()
        if choice.origin == Origin.READER or choice.state in _STOPPED
    }
    if EVERY_SECTION in own:
        return own
    if EVERY_SECTION in wanted and any(choice.state in _STOPPED for choice in own.values()):
        wanted = optional
    return dict.fromkeys(wanted, LISTED) | own


def by_leaving(choices: Choices, sections: Collection[str], optional: Collection[str]) -> Choices:
    """Return the choices after the reader left `sections`; none named means everything."""
    if not sections:
        return dict.fromkeys((*choices, EVERY_SECTION), LEFT)
    return {**_written_out(choices, optional), **dict.fromkeys(sections, LEFT)}


def by_joining(choices: Choices, wanted: Collection[str]) -> Choices:
    """Return the choices after the reader asked for `wanted`, or `*` for all, beside what they have."""
    if EVERY_SECTION in wanted:
        return {EVERY_SECTION: CHOSEN}
    return {**choices, **dict.fromkeys(wanted, CHOSEN)}


def by_choosing(choices: Choices, wanted: Collection[str], optional: Collection[str]) -> Choices:
    """Return the choices after the reader said exactly `wanted`: slugs, `*` for all, or nothing to leave.

    What is paused and still wanted stays paused. With slugs, `*` counts as left: no list adds to them.
    """
    if not wanted:
        return by_leaving(choices, (), optional)
    held = {
        section: choice
        for section, choice in choices.items()
        if choice.state == SubscriptionState.PAUSED and section in (*optional, EVERY_SECTION)
    }
    if EVERY_SECTION in wanted:
        if held.keys() <= {EVERY_SECTION}:
            return {EVERY_SECTION: CHOSEN} | held
        return dict.fromkeys(optional, CHOSEN) | _written_out(held, optional)
    held = _written_out(held, optional)
    left = dict.fromkeys((*choices, *optional, EVERY_SECTION), LEFT)
    return left | {section: held.get(section, CHOSEN) for section in wanted}


def by_pausing(choices: Choices, sections: Collection[str], until: str, optional: Collection[str]) -> Choices:
    """Return the choices after the reader paused `sections`, none named everything, to the day `until`.

    What was not chosen cannot be paused.
    """
    pause = Choice(SubscriptionState.PAUSED, Origin.READER, until)
    held = _written_out(choices, optional) if sections else choices
    return {
        section: pause
        if choice.state != SubscriptionState.LEFT and (not sections or section in sections)
        else choice
        for section, choice in held.items()
    }


def by_resuming(choices: Choices, sections: Collection[str], optional: Collection[str]) -> Choices:
    """Return the choices after the reader ended the pause of `sections`; none named means of all."""
    every = choices.get(EVERY_SECTION)
    rests = every is not None and every.state == SubscriptionState.PAUSED
    held = _written_out(choices, optional) if sections and rests else choices
    return {
        section: CHOSEN
        if choice.state == SubscriptionState.PAUSED and (not sections or section in sections)
        else choice
        for section, choice in held.items()
    }


def _written_out(choices: Choices, optional: Collection[str]) -> dict[str, Choice]:
    """Return the choices with the sections that `*` stands for in its place, unless it was left."""
    every = choices.get(EVERY_SECTION)
    if every is None or every.state == SubscriptionState.LEFT:
        return dict(choices)
    others = {section: choice for section, choice in choices.items() if section != EVERY_SECTION}
    return dict.fromkeys(optional, every) | others
