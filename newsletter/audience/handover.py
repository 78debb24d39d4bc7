"""Hand a post (office) over: the successor replaces its holder as subscriber once they confirm by mail."""

from collections.abc import Mapping
from dataclasses import replace

from newsletter.audience.asking import Act, Ending, ask
from newsletter.config import Settings
from newsletter.config.parts import FieldKind
from newsletter.model import EVERY_SECTION, SubscriberStatus
from newsletter.store import consent, import_people, people
from newsletter.store.choices import Choices, by_choosing, has_left, wanted_of
from newsletter.store.consent import Wording
from newsletter.store.db import timestamp
from newsletter.store.import_people import Decision, Entry
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind, Request

HANDED_OVER = "handed over"
"""Suppression reason of a former holder."""

CONFIRMS = "handover"
"""Kind of the letter to the successor."""

_POST = (FieldKind.POST, FieldKind.COMMUNITY)
"""Kinds of the fields that define a post."""
_GOES_ALONG = (*_POST, FieldKind.REGION)


def post_fields(settings: Settings) -> list[str]:
    """Return the slugs of the public fields that define a post; empty without a field of kind post."""
    fields = settings.public_fields
    if all(entry.kind is not FieldKind.POST for entry in fields.values()):
        return []
    return [slug for slug, entry in fields.items() if entry.kind in _POST]


def holds_post(person: Record, settings: Settings) -> bool:
    """Return whether `person` is an active subscriber with a post, who may hand it over."""
    needed = post_fields(settings)
    return (
        person.status is SubscriberStatus.ACTIVE
        and not has_left(person.choices)
        and bool(needed)
        and all(person.attributes.get(field) for field in needed)
    )


def ask_successor(  # noqa: PLR0913  the parts of a request
    act: Act,
    holder: Record,
    *,
    post: Mapping[str, str],
    email: str,
    name: str,
    words: Wording,
    source: str,
) -> bool:
    """Ask `email` to take over `post` from `holder` and consent to `words`; False if a limit forbids it.

    The caller has made sure that the holder agreed, by mail or to an editor: a link may be forwarded.
    """
    consent.keep(act.connection, words, act.now)
    request = Request(
        kind=Kind.HANDOVER,
        email=email,
        subscriber=holder.id,
        language=words.language,
        details={"name": name, "attributes": dict(post), "words": words.text},
        source=source,
        consent=words.version,
        agreed_at=timestamp(act.now),
    )
    _, queued = ask(act, request, CONFIRMS)
    return queued


def post_of(holder: Record, settings: Settings) -> dict[str, str]:
    """Return the field values that belong to the post; name, language and other fields stay the holder's."""
    fields = settings.public_fields.items()
    along = [slug for kind in _GOES_ALONG for slug, entry in fields if entry.kind is kind]
    return {field: value for field in along if (value := holder.attributes.get(field))}


def settle(act: Act, request: Request) -> Ending:
    """Hand the post over once the successor has confirmed."""
    connection, now = act.connection, act.now
    found, holder = people.lock(connection, request.email, request.subscriber)
    if holder is None or SubscriberStatus.SUPPRESSED in (holder.status, found and found.status):
        return Ending.STOPPED
    wanted = wanted_of(holder.choices) or {EVERY_SECTION}
    if found is None:
        number = _take_in(act, request, by_choosing({}, wanted, act.optional))
    else:
        number = found.id
        successor = replace(
            found,
            name=found.name or request.details["name"],
            attributes={**found.attributes, **request.details["attributes"]},
            choices=by_choosing(found.choices, wanted | wanted_of(found.choices), act.optional),
        )
        people.change(connection, found, successor, now)
    consent.record(connection, number, request, act.signer)
    people.leave(connection, holder.id, (), act.optional, now)
    people.suppress(connection, holder.email, HANDED_OVER, now)
    return Ending.DONE


def _take_in(act: Act, request: Request, choices: Choices) -> int:
    successor = Record(
        email=request.email,
        name=request.details["name"],
        language=request.language,
        attributes=request.details["attributes"],
        choices=choices,
    )
    entry = Entry(email=request.email)
    import_people.write(act.connection, [Decision(entry, None, successor)], Kind.HANDOVER, act.now)
    (taken,) = people.find_all(act.connection, [key(request.email)]).values()
    return taken.id
