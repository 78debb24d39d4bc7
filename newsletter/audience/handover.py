"""A post changes hands: whoever takes it over reads in place of whoever held it, once both say yes."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.audience import asking
from newsletter.audience.asking import Ending, ask
from newsletter.links import Signer
from newsletter.model import EVERY_SECTION, SubscriberStatus
from newsletter.store import consent, intake, letters, people, requests
from newsletter.store.choices import Choices, by_choosing, has_left, wanted_of
from newsletter.store.consent import Wording
from newsletter.store.db import timestamp
from newsletter.store.intake import Decision, Entry
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind, Request

POST = ("position", "community")
"""The fields without which there is no post to pass on."""

HANDED_OVER = "handed over"
"""The reason for which a former holder is suppressed."""

AGREES, CONFIRMS = "handover-old", "handover"
"""The letters to the holder and to the successor."""

_GOES_ALONG = (*POST, "region")


def holds_post(person: Record) -> bool:
    """Tell whether `person` reads by virtue of a post, and so may pass it on."""
    return (
        person.status is SubscriberStatus.ACTIVE
        and not has_left(person.choices)
        and all(person.attributes.get(field) for field in POST)
    )


def ask_successor(  # noqa: PLR0913  what is asked
    connection: Connection,
    holder: Record,
    *,
    email: str,
    name: str,
    words: Wording,
    source: str,
    agreed: bool,
    signer: Signer,
    now: datetime,
) -> bool:
    """Ask `email` to take over the post of `holder` and consent to `words`; False when no letter leaves.

    The holder is asked too, unless it is known that they `agreed`: a link may have been forwarded.
    """
    consent.keep(connection, words, now)
    asked = Request(
        kind=Kind.HANDOVER,
        email=email,
        subscriber=holder.id,
        language=words.language,
        details={"name": name, "attributes": post_of(holder), "words": words.text},
        source=source,
        consent=words.version,
        agreed_at=timestamp(now) if agreed else "",
    )
    number = requests.put(connection, asked, now)
    if not agreed:
        letters.put(
            connection,
            kind=AGREES,
            email=holder.email,
            language=words.language,
            request=number,
            now=now,
        )
    return ask(
        connection,
        kind=CONFIRMS,
        email=email,
        language=words.language,
        request=number,
        signer=signer,
        now=now,
    )


def post_of(holder: Record) -> dict[str, str]:
    """Return the fields that belong to the post; name, language and all others are the holder's own."""
    return {field: value for field in _GOES_ALONG if (value := holder.attributes.get(field))}


def agree(
    connection: Connection, asked: Request, optional: Collection[str], signer: Signer, now: datetime
) -> Ending:
    """Record that the holder agrees to `asked`, which is held for update, and hand over if both have."""
    return asking.agree(connection, asked, lambda told: _settle(connection, told, optional, signer, now), now)


def confirm(
    connection: Connection, asked: Request, optional: Collection[str], signer: Signer, now: datetime
) -> Ending:
    """Record that the successor confirms `asked`, which is held for update, and hand over if both have."""
    return asking.confirm(
        connection, asked, lambda told: _settle(connection, told, optional, signer, now), signer, now
    )


def _settle(
    connection: Connection, asked: Request, optional: Collection[str], signer: Signer, now: datetime
) -> Ending:
    holder = people.get(connection, asked.subscriber or 0, for_update=True)
    people.hold(connection, asked.email)
    found = people.find_all(connection, [key(asked.email)], for_update=True).get(key(asked.email))
    if holder is None or SubscriberStatus.SUPPRESSED in (holder.status, found and found.status):
        return Ending.STOPPED
    if not (asked.agreed_at and asked.confirmed_at):
        return Ending.WAITING
    wanted = wanted_of(holder.choices) or {EVERY_SECTION}
    if found is None:
        number = _take_in(connection, asked, by_choosing({}, wanted, optional), now)
    else:
        number = found.id
        successor = replace(
            found,
            name=found.name or asked.details["name"],
            attributes={**found.attributes, **asked.details["attributes"]},
            choices=by_choosing(found.choices, wanted | wanted_of(found.choices), optional),
        )
        people.change(connection, found, successor, now)
    consent.record(connection, number, asked, signer)
    people.leave(connection, holder.id, (), optional, now)
    people.suppress(connection, holder.email, HANDED_OVER, now)
    return Ending.DONE


def _take_in(connection: Connection, asked: Request, choices: Choices, now: datetime) -> int:
    successor = Record(
        email=asked.email,
        name=asked.details["name"],
        language=asked.language,
        attributes=asked.details["attributes"],
        choices=choices,
    )
    entry = Entry(email=asked.email)
    intake.write(connection, [Decision(entry, None, successor)], Kind.HANDOVER, now)
    (taken,) = people.find_all(connection, [key(asked.email)]).values()
    return taken.id
