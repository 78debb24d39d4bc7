"""Rules for a subscriber's choice of sections: how lists and the reader change it; the reader's word wins.

Two invariants hold after every change. Somebody who left everything comes back only by their own action. And
`*` never stands beside a section that the reader left or paused: the other sections are listed instead.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import NamedTuple

from newsletter.model import EVERY_SECTION, SubscriptionState


class Origin(StrEnum):
    """Who made a choice; a reader's choice can be undone only by the reader."""

    LIST = "list"
    READER = "reader"


class Choice(NamedTuple):
    """The choice that applies to one section."""

    state: SubscriptionState
    origin: Origin
    until: str = ""
    """The day a pause ends, as 2025-03-01; empty: it does not end by itself."""


Choices = Mapping[str, Choice]
"""Choices by section slug, or `*` for all sections."""

LISTED = Choice(SubscriptionState.ACTIVE, Origin.LIST)
CHOSEN = Choice(SubscriptionState.ACTIVE, Origin.READER)
LEFT = Choice(SubscriptionState.LEFT, Origin.READER)
COMPLAINED, BOUNCED = "complained", "bounced"
"""First words of the reason why somebody is suppressed."""
_STOPPED = (SubscriptionState.LEFT, SubscriptionState.PAUSED)


def has_left(choices: Choices) -> bool:
    """Tell whether the reader has left everything."""
    return bool(choices) and all(choice.state == SubscriptionState.LEFT for choice in choices.values())


def wanted_of(choices: Choices) -> frozenset[str]:
    """Return the sections, or `*`, that the reader gets, now or after a pause."""
    return frozenset(section for section, choice in choices.items() if choice.state != SubscriptionState.LEFT)


def standing(choices: Choices, section: str) -> Choice:
    """Return the choice that applies to `section`: its own, else that of `*`, else LEFT."""
    return choices.get(section) or choices.get(EVERY_SECTION) or LEFT


def by_list(choices: Choices, wanted: Collection[str], optional: Collection[str]) -> Choices:
    """Return the choices after a list named the sections `wanted`; `optional` are those that can be left.

    Earlier choices of the list are replaced; the reader's own stay.
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
    """Return the choices after the reader left `sections`; an empty collection means everything."""
    if not sections:
        return dict.fromkeys((*choices, EVERY_SECTION), LEFT)
    return {**_written_out(choices, optional), **dict.fromkeys(sections, LEFT)}


def by_joining(choices: Choices, wanted: Collection[str]) -> Choices:
    """Return the choices after the reader added `wanted`, or `*` for all, to what they have."""
    if EVERY_SECTION in wanted:
        return {EVERY_SECTION: CHOSEN}
    return {**choices, **dict.fromkeys(wanted, CHOSEN)}


def by_choosing(choices: Choices, wanted: Collection[str], optional: Collection[str]) -> Choices:
    """Return the choices after the reader chose exactly `wanted`: slugs, `*` for all, or nothing to leave.

    Paused sections that are still wanted stay paused. With slugs, `*` counts as left: no list adds to them.
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
    """Return the choices after the reader paused `sections` until the day `until`; empty means everything.

    Sections that were not chosen cannot be paused.
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
    """Return the choices after the reader ended the pause of `sections`; empty means all of them."""
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
    """Return the choices with `*` replaced by the sections it stands for, unless `*` was left."""
    every = choices.get(EVERY_SECTION)
    if every is None or every.state == SubscriptionState.LEFT:
        return dict(choices)
    others = {section: choice for section, choice in choices.items() if section != EVERY_SECTION}
    return dict.fromkeys(optional, every) | others
