"""Double opt-in: a sign-up takes effect once the link in the letter to its address is used."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from newsletter.audience.asking import Ending, ask
from newsletter.audience.forms import Answers, Fault, Form, first, read, read_address
from newsletter.config import Settings
from newsletter.i18n import translations
from newsletter.links import Signer
from newsletter.model import SubscriberStatus
from newsletter.store import confirmation_limits, consent, people, requests
from newsletter.store.choices import by_joining
from newsletter.store.consent import Wording
from newsletter.store.db import timestamp
from newsletter.store.import_people import Decision, Entry, write
from newsletter.store.letters import Lane
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind, Request

LETTER = "confirm"
_DIGITS = 12


def wording(settings: Settings, language: str) -> Wording:
    """Return the consent text of the form: that of newsletter.yaml, else the default one."""
    text = settings.consent or translations(language).gettext(
        "I agree that %(publisher)s keeps what I enter here and sends me “%(title)s” by e-mail until I"
        " unsubscribe, which I can do from every letter."
    ) % {"publisher": settings.publisher, "title": settings.title}
    return Wording(sha256(text.encode()).hexdigest()[:_DIGITS], language, text)


def read_signup(form: Form, settings: Settings, version: str) -> Answers:
    """Parse the sign-up `form`; consent to another version of the text than `version` does not count."""
    answers = read(form, settings)
    email, fault = read_address(form, "email")
    agreed = first(form, "consent") == version
    faults: dict[str, Fault] = {"email": fault} if fault else {}
    faults |= answers.faults
    if not agreed:
        faults["consent"] = Fault.MISSING
    return replace(answers, email=email, agreed=agreed, faults=faults)


def sign_up(  # noqa: PLR0913  the evidence of a consent
    connection: Connection,
    answers: Answers,
    words: Wording,
    now: datetime,
    *,
    signer: Signer,
    source: str,
    ip: bytes | None,
    turn: float | None = None,
) -> None:
    """Record a sign-up and queue its confirmation letter, unless a limit or a suppression forbids it.

    The letter is sent at its `turn` among those of other networks (`audience.networks`). Known and unknown
    addresses take the same work but for one row, so that response time reveals nothing.
    """
    consent.keep(connection, words, now)
    asked = Request(
        kind=Kind.SIGNUP,
        email=answers.email,
        language=words.language,
        details={
            "name": answers.name,
            "attributes": dict(answers.attributes),
            "sections": sorted(answers.sections),
        },
        source=source,
        consent=words.version,
        ip=ip,
    )
    number = requests.put(connection, asked, now)
    ask(
        connection,
        kind=LETTER,
        email=asked.email,
        language=asked.language,
        request=number,
        signer=signer,
        now=now,
        lane=Lane.VISITOR,
        turn=turn,
    )


def confirm(
    connection: Connection,
    asked: Request,
    optional: Collection[str],  # noqa: ARG001  the signature of all confirmations
    signer: Signer,
    now: datetime,
) -> Ending:
    """Subscribe the address that confirms the request `asked`, which is locked for update. Idempotent.

    It brings back people who unsubscribed or were erased, and adds to an existing subscription; STOPPED for a
    suppressed address.
    """
    if asked.confirmed_at:
        return Ending.DONE
    before, _ = people.lock(connection, asked.email)
    if before and before.status is SubscriberStatus.SUPPRESSED:
        return Ending.STOPPED
    known, details = before or Record(email=asked.email, attributes={}, choices={}), asked.details
    after = replace(
        known,
        name=details["name"] or known.name,
        language=asked.language,
        attributes={**known.attributes, **details["attributes"]},
        choices=by_joining(known.choices, details["sections"]),
    )
    write(connection, [Decision(Entry(email=asked.email), before, after)], asked.source, now)
    (found,) = people.find_all(connection, [key(asked.email)]).values()
    consent.record(connection, found.id, replace(asked, confirmed_at=timestamp(now)), signer)
    requests.confirm(connection, asked.id, now)
    confirmation_limits.answered(connection, asked.email, signer)
    return Ending.DONE
