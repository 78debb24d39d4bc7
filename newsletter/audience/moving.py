"""Change of address: requested from the old mailbox, confirmed by the new one."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.audience import asking
from newsletter.audience.asking import Ending, ask
from newsletter.links import Signer
from newsletter.model import SubscriberStatus
from newsletter.store import people, requests
from newsletter.store.choices import by_choosing, by_leaving, wanted_of
from newsletter.store.db import timestamp
from newsletter.store.erasure import readmit
from newsletter.store.people import Record
from newsletter.store.requests import Kind, Request

CONFIRMS = "address-new"
"""Kind of the letter to the new address."""


def ask_new(  # noqa: PLR0913  the parts of a request
    connection: Connection, person: Record, email: str, language: str, now: datetime, *, signer: Signer
) -> int:
    """Request a confirmation from the new address `email` of `person`, who agreed; return its number."""
    asked = Request(
        kind=Kind.ADDRESS,
        email=email,
        subscriber=person.id,
        language=language,
        details={},
        source="preferences",
        agreed_at=timestamp(now),
    )
    number = requests.put(connection, asked, now)
    ask(
        connection,
        kind=CONFIRMS,
        email=email,
        language=language,
        request=number,
        signer=signer,
        now=now,
    )
    return number


def confirm(
    connection: Connection, asked: Request, optional: Collection[str], signer: Signer, now: datetime
) -> Ending:
    """Change the address once the new one confirms the request `asked`, which is locked for update."""
    return asking.confirm(
        connection, asked, lambda told: _settle(connection, told, optional, signer, now), signer, now
    )


def _settle(
    connection: Connection, asked: Request, optional: Collection[str], signer: Signer, now: datetime
) -> Ending:
    other, found = people.lock(connection, asked.email, asked.subscriber)
    if found is None or SubscriberStatus.SUPPRESSED in (found.status, other and other.status):
        return Ending.STOPPED
    if other is None or other.id == found.id:
        people.change(connection, found, replace(found, email=asked.email), now)
        readmit(connection, asked.email, signer)
    else:
        _join(connection, found, other, optional, now)
    return Ending.DONE


def _join(
    connection: Connection, found: Record, other: Record, optional: Collection[str], now: datetime
) -> None:
    """Merge `found` into `other`, who already subscribes with the new address, and unsubscribe `found`."""
    both = wanted_of(found.choices) | wanted_of(other.choices)
    joined = replace(
        other,
        name=other.name or found.name,
        language=other.language or found.language,
        attributes={**found.attributes, **other.attributes},
        choices=by_choosing(other.choices, both, optional),
    )
    people.change(connection, other, joined, now)
    people.change(connection, found, replace(found, choices=by_leaving(found.choices, (), optional)), now)
