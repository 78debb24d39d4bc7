"""Look for people on the list: by words, section, region, segment and state, in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, not_

from newsletter.audience.segments import where
from newsletter.conditions import SECTION
from newsletter.config.parts import FieldKind
from newsletter.errors import ContentError, Message
from newsletter.model import Has, SubscriberStatus, SubscriptionState
from newsletter.services.person import not_a_subscriber
from newsletter.store import members, people
from newsletter.store.db import reading
from newsletter.store.people import IS_READER
from newsletter.store.schema import subscriber, subscription

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from newsletter.services import Workspace
    from newsletter.store.people import Record

_PAGE = 50


class Position(StrEnum):
    """Where somebody stands: gets mail, has a pause and nothing else, has left, or is suppressed."""

    READER = "reader"
    PAUSED = "paused"
    LEFT = "left"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Whom to look for; what is empty does not matter. Those numbered above `after` come, `limit` at once."""

    words: str = ""
    address: str = ""
    external_id: str = ""
    section: str = ""
    region: str = ""
    segment: str = ""
    position: Position | None = None
    after: int = 0
    limit: int = _PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of people, how many there are in all, and the number after which the next page begins."""

    people: Sequence["Record"]
    number: int
    next: int | None


def search(workspace: "Workspace", wanted: Search) -> Found:
    """Return a page of the people that were looked for. Raises ContentError for an unknown segment."""
    conditions = _conditions(workspace, wanted)
    with reading(workspace.readable) as connection:
        number = people.count(connection, conditions)
        page = people.listed(connection, conditions, after=wanted.after, limit=wanted.limit + 1)
    shown = page[: wanted.limit]
    return Found(people=shown, number=number, next=shown[-1].id if len(page) > wanted.limit else None)


def person(workspace: "Workspace", number: int) -> "Record":
    """Return the subscriber with this number. Raises ContentError when there is none."""
    with reading(workspace.readable) as connection:
        found = people.get(connection, number)
    if found is None:
        raise ContentError(
            Message("there is no subscriber %(number)s", number=number), "They may have been erased."
        )
    return found


def external_ids(workspace: "Workspace", numbers: Sequence[int]) -> dict[int, str]:
    """Return the numbers that subscribers have in the association's register."""
    with reading(workspace.readable) as connection:
        return members.of(connection, numbers)


def version(record: "Record") -> str:
    """Return a hash of all that may be changed of a subscriber, which tells one version from another."""
    choices = sorted((section, *map(str, choice)) for section, choice in record.choices.items())
    said = (record.email, record.name, record.language, sorted(record.attributes.items()))
    return sha256(repr((*said, record.status, record.reason, choices)).encode()).hexdigest()[:32]


def number_of(workspace: "Workspace", address: str) -> int:
    """Return the number of the subscriber with this address. Raises ContentError when there is none."""
    with reading(workspace.readable) as connection:
        found = people.find(connection, address)
    if found is None:
        raise not_a_subscriber(address)
    return found.id


def position(record: "Record") -> Position:
    """Return where somebody stands."""
    states = {choice.state for choice in record.choices.values()}
    if record.status is SubscriberStatus.SUPPRESSED:
        return Position.SUPPRESSED
    if SubscriptionState.ACTIVE in states:
        return Position.READER
    return Position.PAUSED if SubscriptionState.PAUSED in states else Position.LEFT


def regions(workspace: "Workspace") -> list[str]:
    """Return the regions that people on the list name, in alphabetical order."""
    field = workspace.settings.field(FieldKind.REGION)
    if not field:
        return []
    from sqlalchemy import select

    value = func.coalesce(subscriber.c.attributes[field].as_string(), "")
    with reading(workspace.readable) as connection:
        found = connection.execute(select(value).distinct()).scalars()
        return sorted(filter(None, found))


def _conditions(workspace: "Workspace", wanted: Search) -> list["ColumnElement[bool]"]:
    found: list[ColumnElement[bool]] = []
    if words := wanted.words.strip():
        found.append(people.mentions(words))
    if wanted.address:
        found.append(subscriber.c.email_key == people.key(wanted.address))
    if wanted.external_id:
        found.append(members.is_member(wanted.external_id))
    if wanted.section:
        found.append(where(Has(SECTION, frozenset({wanted.section}))))
    if wanted.region and (field := workspace.settings.field(FieldKind.REGION)):
        found.append(where(Has(field, frozenset({wanted.region}))))
    if wanted.segment:
        found.append(workspace.segment(wanted.segment))
    if wanted.position:
        found.append(_standing(wanted.position))
    return found


def _standing(wanted: Position) -> "ColumnElement[bool]":
    suppressed = subscriber.c.status == SubscriberStatus.SUPPRESSED.value
    paused = (
        exists()
        .where(
            subscription.c.subscriber == subscriber.c.id,
            subscription.c.state == SubscriptionState.PAUSED.value,
        )
        .correlate(subscriber)
    )
    idle = and_(not_(suppressed), not_(IS_READER))
    return {
        Position.READER: IS_READER,
        Position.SUPPRESSED: suppressed,
        Position.PAUSED: and_(idle, paused),
        Position.LEFT: and_(idle, not_(paused)),
    }[wanted]
