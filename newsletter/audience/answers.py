"""What people write about themselves in the forms of the site, checked field by field."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.audience.addresses import check_address
from newsletter.audience.communities import find, register
from newsletter.config import Settings
from newsletter.model import EVERY_SECTION

Form = Mapping[str, Sequence[str]]
"""The values of each of a form's inputs, as the browser sent them."""

LONGEST = 100
"""Letters of a name or a field."""

_REGION, _COMMUNITY = "region", "community"


class Fault(StrEnum):
    """What is wrong with an answer; templates/web/public/fields.html has the words."""

    MISSING = "missing"
    ADDRESS = "address"
    LONG = "long"
    UNREADABLE = "unreadable"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A form as it was filled in, to work with or to be shown again; `faults` by the name of the input."""

    email: str = ""
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    sections: frozenset[str] = frozenset({EVERY_SECTION})
    agreed: bool = False
    faults: Mapping[str, Fault] = field(default_factory=dict)


def read(form: Form, settings: Settings) -> Answers:
    """Return name, fields and sections as `form` has them; an empty field is not among the attributes."""
    faults: dict[str, Fault] = {}
    name = _line(form, "name", faults)
    attributes = {slug: _line(form, f"field-{slug}", faults) for slug in settings.fields}
    if _COMMUNITY in settings.fields:
        other = _line(form, "other-community", faults)
        attributes[_COMMUNITY] = _community(attributes, other, faults)
    sections = _sections(form, [section.slug for section in settings.sections if not section.always])
    if not sections:
        faults["section"] = Fault.MISSING
    return Answers(
        name=name,
        attributes={slug: value for slug, value in attributes.items() if value},
        sections=sections,
        faults=faults,
    )


def read_address(form: Form, name: str) -> tuple[str, Fault | None]:
    """Return the address in the input `name` in the form in which it is kept, or as typed with its fault."""
    typed = first(form, name).strip()
    if not typed:
        return "", Fault.MISSING
    address, wrong = check_address(typed)
    return (typed, Fault.ADDRESS) if wrong else (address, None)


def first(form: Form, name: str) -> str:
    """Return the first value of the input `name`, or nothing."""
    return next(iter(form.get(name, ())), "")


def _line(form: Form, name: str, faults: dict[str, Fault]) -> str:
    """Return a value as it is kept: one line, blanks single, letters composed so that equals match."""
    value = " ".join(unicodedata.normalize("NFC", first(form, name)).split())
    if len(value) > LONGEST:
        faults[name] = Fault.LONG
    elif not value.isprintable():
        faults[name] = Fault.UNREADABLE
    return value


def _community(attributes: Mapping[str, str], other: str, faults: dict[str, Fault]) -> str:
    """Return the community: what was typed, in the register's words where it has it, or what was picked."""
    region, picked = attributes.get(_REGION, ""), attributes[_COMMUNITY]
    known = find(region, other or picked)
    if known:
        return known.label
    if other or not register().get(region):
        return other or picked
    if picked:
        faults["field-community"] = Fault.ELSEWHERE
    return ""


def _sections(form: Form, optional: Collection[str]) -> frozenset[str]:
    if not optional or first(form, "take") == "all":
        return frozenset({EVERY_SECTION})
    return frozenset(form.get("section", ())) & frozenset(optional)
