"""Checks by kind of item: the length of a brief, the dates of an event, one lead in an edition."""

import datetime as dt
from collections.abc import Iterator

from newsletter.checks.codes import finding
from newsletter.checks.lines import Locate, as_given, key
from newsletter.errors import Message, Problem
from newsletter.model import Edition, Event, Item, ItemKind, Period, day_of
from newsletter.render import markdown, plaintext

BRIEF = 240
"""Most characters of a brief's text: two lines on a screen, four on a phone."""
AHEAD = dt.timedelta(days=366)
"""An event later than this after the closing date probably has a mistyped year."""


def kinds(item: Item, period: Period, locate: Locate = as_given) -> Iterator[Problem]:
    """Yield the problems of an item that come from its kind."""
    if item.kind is ItemKind.BRIEF:
        yield from _brief(item, locate)
    if item.event:
        yield from _dates(item, item.event, period, locate)


def several_leads(edition: Edition, locate: Locate = as_given) -> Iterator[Problem]:
    """Yield a problem for each item that would lead an edition beside the first one that does."""
    leading = [item for item in edition.items if item.lead]
    for item in leading[1:]:
        yield finding(
            "leads-several",
            Message("two items lead: this one and %(path)s", path=leading[0].at.path),
            locate(item.at, key("lead")),
            "Remove `lead: true` from one of the two; until then the first in the issue's order leads.",
        )


def _brief(item: Item, locate: Locate) -> Iterator[Problem]:
    length = len(" ".join(plaintext.words(item.text).split()))
    blocks = len(markdown.tree(item.text).children)
    if blocks > 1:
        what = Message("a brief of %(count)s paragraphs, lists or the like", count=blocks)
    elif length > BRIEF:
        what = Message("a brief of %(count)s characters", count=length)
    else:
        return
    yield finding(
        "brief-long",
        what,
        locate(item.at, key("kind")),
        Message("Keep a brief to one paragraph of %(most)s characters, or write `kind: news`.", most=BRIEF),
    )


def _dates(item: Item, event: Event, period: Period, locate: Locate) -> Iterator[Problem]:
    last = day_of(event.end or event.start)
    at = locate(item.at, key("when"))
    if last < period.end:
        yield finding(
            "event-over",
            Message(
                "the event is over on %(last)s, before the issue closes on %(end)s", last=last, end=period.end
            ),
            at,
            "Correct `when`; what has been is `kind: news`.",
        )
    elif last > period.end + AHEAD:
        yield finding(
            "event-far",
            Message("the event is on %(last)s, more than a year after the issue", last=last),
            at,
            "Check the year of `when`.",
        )
