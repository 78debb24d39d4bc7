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
LEFT = Choice(SubscriptionState.LEFT, Origin.READER)
_STOPPED = (SubscriptionState.LEFT, SubscriptionState.PAUSED)


def has_left(choices: Choices) -> bool:
    """Tell whether the reader has left everything."""
    return bool(choices) and all(choice.state == SubscriptionState.LEFT for choice in choices.values())


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
    every = choices.get(EVERY_SECTION)
    if every is not None and every.state != SubscriptionState.LEFT:
        others = {section: choice for section, choice in choices.items() if section != EVERY_SECTION}
        choices = dict.fromkeys(optional, every) | others
    return {**choices, **dict.fromkeys(sections, LEFT)}
