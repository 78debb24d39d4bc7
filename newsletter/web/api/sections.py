"""What readers choose and say: sections, fields, and the text of consent."""

from collections.abc import Sequence

from flask import Blueprint

from newsletter.audience.optin import wording
from newsletter.scopes import Scope
from newsletter.web.api.access import workspace
from newsletter.web.api.document import route
from newsletter.web.api.problems import invalid
from newsletter.web.api.values import Given, Line, Shown

pages = Blueprint("sections", __name__)


class Section(Shown):
    """A section of the digest; one that is `always` there cannot be left."""

    slug: str
    title: str
    about: str
    always: bool


class Sections(Shown):
    """The sections in the order of the digest."""

    data: Sequence[Section]


class Field(Shown):
    """A field of readers; one that is not public is the association's own note."""

    slug: str
    label: str
    kind: str | None
    choices: Sequence[str]
    public: bool


class Fields(Shown):
    """The fields of readers."""

    data: Sequence[Field]


class LanguageQuery(Given):
    """In which language."""

    language: Line = ""


class Consent(Shown):
    """What people agree to; `version` goes with the sign-up of somebody who agreed to this text."""

    version: str
    language: str
    text: str


@route(pages, "GET", "/sections", Scope.SECTIONS_READ, gives=Sections)
def listed() -> Sections:
    """List the sections."""
    return Sections(data=[Section.model_validate(one) for one in workspace().settings.model_sections])


@route(pages, "GET", "/fields", Scope.SECTIONS_READ, gives=Fields)
def fields() -> Fields:
    """List the fields of readers."""
    found = workspace().settings.fields
    return Fields(data=[Field.model_validate({"slug": slug, **dict(entry)}) for slug, entry in found.items()])


@route(pages, "GET", "/consent", Scope.SECTIONS_READ, gives=Consent)
def consent(query: LanguageQuery) -> Consent:
    """Read the text of consent, to show it where people sign up."""
    return Consent.model_validate(wording(workspace().settings, language_of(query.language)))


def language_of(given: str) -> str:
    """Return a language of the pages, the usual one where none is given. Raises Refused."""
    settings = workspace().settings
    if given and given not in settings.languages:
        known = ", ".join(settings.languages)
        raise invalid("language", "the pages do not speak this language", f"They speak: {known}.")
    return given or settings.language
