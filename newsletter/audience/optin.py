"""Double opt-in: a sign-up takes effect once the link in the letter to its address is used."""

from dataclasses import replace
from hashlib import sha256

from newsletter.audience.asking import Act, Ending, ask
from newsletter.audience.forms import Answers, Fault, Form, first, read, read_address
from newsletter.config import Settings
from newsletter.i18n import translations
from newsletter.model import SubscriberStatus
from newsletter.store import consent, people
from newsletter.store.choices import by_joining
from newsletter.store.consent import Wording
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
    act: Act,
    answers: Answers,
    words: Wording,
    *,
    source: str,
    ip: bytes | None,
    turn: float | None = None,
) -> None:
    """Record a sign-up and queue its confirmation letter, unless a limit or a suppression forbids it.

    The letter is sent at its `turn` among those of other networks (`audience.networks`). Known and unknown
    addresses take the same work but for one row, so that response time reveals nothing.
    """
    consent.keep(act.connection, words, act.now)
    request = Request(
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
    ask(act, request, LETTER, lane=Lane.VISITOR, turn=turn)


def settle(act: Act, request: Request) -> Ending:
    """Subscribe the address once it has confirmed.

    It brings back people who unsubscribed or were erased, and adds to an existing subscription; STOPPED for a
    suppressed address.
    """
    connection, details = act.connection, request.details
    before, _ = people.lock(connection, request.email)
    if before and before.status is SubscriberStatus.SUPPRESSED:
        return Ending.STOPPED
    known = before or Record(email=request.email, attributes={}, choices={})
    after = replace(
        known,
        name=details["name"] or known.name,
        language=request.language,
        attributes={**known.attributes, **details["attributes"]},
        choices=by_joining(known.choices, details["sections"]),
    )
    write(connection, [Decision(Entry(email=request.email), before, after)], request.source, act.now)
    (found,) = people.find_all(connection, [key(request.email)]).values()
    consent.record(connection, found.id, request, act.signer)
    return Ending.DONE
