"""Who gets an approved issue, and what became of each message: searched, in pages; and by segment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.audience.segments import load_segments, where
from newsletter.errors import ConfigError, Message
from newsletter.model import Outcome
from newsletter.services.subscribers import SegmentSize
from newsletter.store import audience, issues
from newsletter.store.db import reading

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.store.audience import Recipient

PENDING = "pending"
STATES = (PENDING, *Outcome)
"""What can be asked for: an outcome, or that there is none yet."""

_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which recipients: with `words` in address or name, in a state, of an edition; those after a number.

    `limit` is how many are on a page.
    """

    words: str = ""
    state: str = ""
    edition: str = ""
    after: int = 0
    limit: int = _PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientPage:
    """A page of recipients, how many there are in all, and the number after which the next page begins."""

    people: Sequence["Recipient"]
    found: int
    next: int | None


def recipients(workspace: "Workspace", name: str, asked: Question) -> RecipientPage:
    """Return a page of the recipients of issue `name`.

    Raises StateError when the issue is not approved, ConfigError for an unknown state.
    """
    if asked.state and asked.state not in STATES:
        raise ConfigError(
            Message("there is no state %(state)r", state=asked.state),
            Message("States are: %(states)s.", states=", ".join(STATES)),
        )
    state = None if not asked.state else "" if asked.state == PENDING else asked.state
    words = asked.words.strip()
    with reading(workspace.readable) as connection:
        issues.get(connection, name)
        people = audience.recipients(
            connection,
            name,
            words=words,
            state=state,
            edition=asked.edition,
            after=asked.after,
            limit=asked.limit + 1,
        )
        found = audience.count_recipients(connection, name, words=words, state=state, edition=asked.edition)
    shown = people[: asked.limit]
    more = len(people) > asked.limit
    return RecipientPage(people=shown, found=found, next=shown[-1].number if more else None)


def by_segment(workspace: "Workspace", name: str) -> list[SegmentSize]:
    """Return how many recipients of issue `name` are in each segment now; faulty segments are left out."""
    segments, _ = load_segments(workspace.root, workspace.settings)
    with reading(workspace.readable) as connection:
        return [
            SegmentSize(
                name=one.name,
                about=one.about,
                readers=audience.count_members(connection, name, where(one.condition)),
            )
            for one in segments.values()
        ]
