"""Readers: found, asked to confirm, changed, unsubscribed, erased."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Blueprint
from pydantic import Field

from newsletter.audience.forms import Fault, Form
from newsletter.audience.optin import read_signup, wording
from newsletter.errors import ContentError
from newsletter.model import EVERY_SECTION
from newsletter.scopes import Scope
from newsletter.services import erasure, person, readers, signup
from newsletter.services.journal import Act
from newsletter.services.readers import Position, Search
from newsletter.store.people import Record
from newsletter.web.api.access import journal, token, workspace
from newsletter.web.api.document import route
from newsletter.web.api.problems import Refused, invalid, missing
from newsletter.web.api.sections import language_of
from newsletter.web.api.values import Address, Change, Given, Line, Page, PageQuery, Shown, cursor
from newsletter.yamlfile import nearest

pages = Blueprint("readers", __name__, url_prefix="/readers")

NUMBER = {"number": "The reader's number"}
_PATH = "/<int(min=1, max=2147483647):number>"
_LATER = 3600  # Retry-After in seconds where too many letters wait

Chosen = Sequence[Line]


class ReaderQuery(PageQuery):
    """Whom to look for; what is empty does not matter."""

    words: Line = Field(default="", description="In the address or the name")
    email: Line = Field(default="", description="The whole address, in any case")
    external_id: Line = Field(default="", description="The number in your member register")
    section: Line = ""
    region: Line = ""
    segment: Line = ""
    position: Position | None = None


class Choice(Shown):
    """What a reader chose of a section, `*` being all of them; a pause may have an end."""

    section: str
    state: str
    origin: str
    until: str


class Reader(Shown):
    """Somebody on the list, whether they get mail or not."""

    id: int
    email: str
    name: str
    language: str
    fields: Mapping[str, str]
    position: Position
    reason: str
    source: str
    created_at: str
    external_id: str | None
    choices: Sequence[Choice]


class ReaderPage(Page[Reader]):
    """A page of readers; `found` is how many there are in all."""

    found: int


class SignUp(Given):
    """Somebody who agreed on your page to the text of `/consent`."""

    email: Address
    name: Line = ""
    language: Line = ""
    sections: Chosen = Field(default=(), max_length=100, description="Slugs; none: all sections")
    fields: Mapping[str, Line] = Field(default_factory=dict, max_length=50)
    consent: Line = Field(description="The `version` of the text that they agreed to")


class Asked(Shown):
    """They get a letter, and are readers once they confirm; every address is answered alike."""

    status: str


class ReaderChange(Given):
    """What is to be changed, by the rules of an imported list; what is not named stays."""

    name: Line = ""
    language: Line = ""
    sections: Chosen = Field(default=(), max_length=100, description="Slugs, or *")
    fields: Mapping[str, Line] = Field(default_factory=dict, max_length=50)


class Leaving(Given):
    """What somebody leaves."""

    sections: Chosen = Field(default=(), max_length=100, description="Slugs; none: everything")


class Left(Shown):
    """What somebody left, and the sections that they still have."""

    everything: bool
    remaining: Sequence[str]


@route(pages, "GET", "", Scope.READERS_READ, gives=ReaderPage)
def listed(query: ReaderQuery) -> ReaderPage:
    """Find readers."""
    wanted = Search(
        words=query.words,
        address=query.email,
        external_id=query.external_id,
        section=query.section,
        region=query.region,
        segment=query.segment,
        position=query.position,
        after=query.after_number(),
        limit=query.limit,
    )
    found = readers.search(workspace(), wanted)
    journal(Act.READERS_SEEN, found=found.number, shown=len(found.people))
    numbers = readers.external_ids(workspace(), [one.id for one in found.people])
    return ReaderPage(
        data=[_shown(one, numbers.get(one.id)) for one in found.people],
        next=cursor(found.next),
        found=found.number,
    )


@route(pages, "POST", "", Scope.READERS_WRITE, gives=Asked, status=HTTPStatus.ACCEPTED, refuses=["conflict"])
def ask(json: SignUp) -> tuple[Asked, int, dict[str, str]]:
    """Ask somebody to confirm that they sign up.

    Nothing but a letter comes of it until its link is used, whatever is known of the address.
    """
    settings = workspace().settings
    words = wording(settings, language_of(json.language))
    answers = read_signup(_form(json), settings, words.version)
    for name, fault in answers.faults.items():
        raise invalid(_NAMES.get(name, name.replace("field-", "fields.")), _FAULTS[fault])
    seconds = signup.ask(workspace(), answers, words, source=f"API: {token().name}")
    if seconds > signup.LONGEST:
        raise Refused("too-many", "too many letters wait", headers={"Retry-After": str(_LATER)})
    journal(Act.READER_CHANGED, what="asked to confirm")
    return Asked(status="asked"), HTTPStatus.ACCEPTED, {}


@route(pages, "GET", _PATH, Scope.READERS_READ, gives=Reader, arguments=NUMBER)
def one(number: int) -> tuple[Reader, int, dict[str, str]]:
    """Read what is known of one reader."""
    found = _record(number)
    journal(Act.READER_SEEN, subject=str(number))
    return _with_etag(found)


@route(pages, "PATCH", _PATH, Scope.READERS_WRITE, gives=Reader, arguments=NUMBER)
def change(number: int, headers: Change, json: ReaderChange) -> tuple[Reader, int, dict[str, str]]:
    """Change a reader; what they chose themselves stays."""
    _record(number)
    sent = json.model_fields_set
    cells: dict[str, str] = {name: getattr(json, name) for name in ("name", "language") if name in sent}
    if "sections" in sent:
        cells["sections"] = sections(json.sections)
    cells |= json.fields
    found = person.change(workspace(), number, lambda it: headers.names(readers.version(it)), cells)
    if found is None:
        raise Refused("changed")
    journal(Act.READER_CHANGED, subject=str(number), what="changed")
    return _with_etag(found)


@route(pages, "POST", f"{_PATH}/leave", Scope.READERS_WRITE, gives=Left, arguments=NUMBER)
def leave(number: int, json: Leaving) -> tuple[Left, int, dict[str, str]]:
    """Unsubscribe a reader from sections, or from everything; no list brings that back."""
    done = person.leave(workspace(), _record(number).email, list(json.sections), f"API: {token().name}")
    journal(Act.READER_CHANGED, subject=str(number), what="left")
    return Left.model_validate(done), HTTPStatus.OK, {}


@route(pages, "DELETE", _PATH, Scope.READERS_ERASE, status=HTTPStatus.NO_CONTENT, arguments=NUMBER)
def erase(number: int, headers: Change) -> tuple[str, int]:
    """Erase a reader: only a keyed hash stays, so that no list adds them again."""
    found = _record(number)
    if not headers.names(readers.version(found)):
        raise Refused("changed")
    erasure.erase(workspace(), found.email)
    journal(Act.READER_ERASED, subject=str(number))
    return "", HTTPStatus.NO_CONTENT


def sections(chosen: Chosen) -> str:
    """Return slugs as the cell of a list. Raises Refused for one that is none."""
    known = [EVERY_SECTION, *(one.slug for one in workspace().settings.sections)]
    for number, slug in enumerate(chosen):
        if slug not in known:
            raise invalid(f"sections.{number}", "there is no such section", nearest(slug, known))
    return ";".join(chosen) or EVERY_SECTION


_NAMES = {"section": "sections"}
_FAULTS = {
    Fault.MISSING: "this is missing, or is not the version of the text that is shown now",
    Fault.ADDRESS: "this is not a mail address",
    Fault.LONG: "this is too long",
    Fault.UNREADABLE: "this holds characters that it may not hold",
    Fault.ELSEWHERE: "this community is not in the region",
    Fault.CHOICE: "this is none of the choices",
}


def _form(given: SignUp) -> Form:
    """Return a sign-up as the site's form has it. Raises Refused for an unknown section or field."""
    public = workspace().settings.public_fields
    for name in given.fields:
        if name not in public:
            raise invalid(f"fields.{name}", "there is no such field", nearest(name, public))
    sections(given.sections)
    return {
        "email": [given.email],
        "name": [given.name],
        "consent": [given.consent],
        "take": ["some" if given.sections else "all"],
        "section": list(given.sections),
        **{f"field-{name}": [value] for name, value in given.fields.items()},
    }


def _record(number: int) -> Record:
    """Return a subscriber. Raises Refused."""
    try:
        return readers.person(workspace(), number)
    except ContentError:
        raise missing(f"there is no reader {number}", "They may have been erased.") from None


def _with_etag(found: Record) -> tuple[Reader, int, dict[str, str]]:
    external = readers.external_ids(workspace(), [found.id]).get(found.id)
    return _shown(found, external), HTTPStatus.OK, {"ETag": f'"{readers.version(found)}"'}


def _shown(found: Record, external_id: str | None) -> Reader:
    return Reader(
        id=found.id,
        email=found.email,
        name=found.name,
        language=found.language,
        fields=found.attributes,
        position=readers.position(found),
        reason=found.reason,
        source=found.source,
        created_at=found.created_at,
        external_id=external_id,
        choices=[
            Choice(section=section, state=one.state, origin=one.origin, until=one.until)
            for section, one in sorted(found.choices.items())
        ],
    )
