"""A post changes hands: whoever takes it over reads in place of whoever held it, once they confirm."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.audience.asking import Ending, ask
from newsletter.links import Signer
from newsletter.model import EVERY_SECTION, SubscriberStatus
from newsletter.store import consent, intake, people, requests
from newsletter.store.choices import Choices, by_choosing, has_left, wanted_of
from newsletter.store.consent import Wording
from newsletter.store.intake import Decision, Entry
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind, Request

POST = ("position", "community")
"""The fields without which there is no post to pass on."""

HANDED_OVER = "handed over"
"""The reason for which a former holder is suppressed."""

_GOES_ALONG = (*POST, "region")
_LETTER = "handover"


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
    now: datetime,
) -> bool:
    """Ask `email` to take over the post of `holder` and agree to `words`; False when no letter leaves."""
    consent.keep(connection, words, now)
    asked = Request(
        kind=Kind.HANDOVER,
        email=email,
        subscriber=holder.id,
        language=words.language,
        details={"name": name, "attributes": post_of(holder), "words": words.text},
        source=source,
        consent=words.version,
    )
    number = requests.put(connection, asked, now)
    return ask(connection, kind=_LETTER, email=email, language=words.language, request=number, now=now)


def post_of(holder: Record) -> dict[str, str]:
    """Return the fields that belong to the post; name, language and all others are the holder's own."""
    return {field: value for field in _GOES_ALONG if (value := holder.attributes.get(field))}


def confirm(
    connection: Connection, asked: Request, optional: Collection[str], signer: Signer, now: datetime
) -> Ending:
    """Let the successor, who confirms `asked`, read in place of the holder; `asked` is held for update."""
    if asked.confirmed_at:
        return Ending.DONE
    holder = people.get(connection, asked.subscriber or 0, for_update=True)
    found = people.find_all(connection, [key(asked.email)], for_update=True).get(key(asked.email))
    if holder is None or SubscriberStatus.SUPPRESSED in (holder.status, found and found.status):
        return Ending.STOPPED
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
    consent.record(connection, number, asked, signer, now)
    people.leave(connection, holder.id, (), optional, now)
    people.suppress(connection, holder.email, HANDED_OVER, now)
    requests.confirm(connection, asked.id, now)
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
