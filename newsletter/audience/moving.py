"""Change of address: requested from the old mailbox, confirmed by the new one."""

from dataclasses import replace

from newsletter.audience.asking import Act, Ending, ask
from newsletter.model import SubscriberStatus
from newsletter.store import people
from newsletter.store.choices import by_choosing, by_leaving, wanted_of
from newsletter.store.db import timestamp
from newsletter.store.erasure import readmit
from newsletter.store.people import Record
from newsletter.store.requests import Kind, Request

CONFIRMS = "address-new"
"""Kind of the letter to the new address."""


def ask_new(act: Act, person: Record, email: str, language: str) -> int:
    """Request a confirmation from the new address `email` of `person`, who agreed; return its number."""
    request = Request(
        kind=Kind.ADDRESS,
        email=email,
        subscriber=person.id,
        language=language,
        details={},
        source="preferences",
        agreed_at=timestamp(act.now),
    )
    number, _ = ask(act, request, CONFIRMS)
    return number


def settle(act: Act, request: Request) -> Ending:
    """Change the address once the new one has confirmed."""
    other, found = people.lock(act.connection, request.email, request.subscriber)
    if found is None or SubscriberStatus.SUPPRESSED in (found.status, other and other.status):
        return Ending.STOPPED
    if other is None or other.id == found.id:
        people.change(act.connection, found, replace(found, email=request.email), act.now)
        readmit(act.connection, request.email, act.signer)
    else:
        _join(act, found, other)
    return Ending.DONE


def _join(act: Act, found: Record, other: Record) -> None:
    """Merge `found` into `other`, who already subscribes with the new address, and unsubscribe `found`."""
    both = wanted_of(found.choices) | wanted_of(other.choices)
    joined = replace(
        other,
        name=other.name or found.name,
        language=other.language or found.language,
        attributes={**found.attributes, **other.attributes},
        choices=by_choosing(other.choices, both, act.optional),
    )
    people.change(act.connection, other, joined, act.now)
    left = replace(found, choices=by_leaving(found.choices, (), act.optional))
    people.change(act.connection, found, left, act.now)
