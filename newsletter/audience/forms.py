"""What people write about themselves in the forms of the site, checked field by field."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.audience.addresses import check_address
from newsletter.audience.ukraine.communities import find, register
from newsletter.config import Settings
from newsletter.config.parts import FieldEntry, FieldKind
from newsletter.model import EVERY_SECTION

Form = Mapping[str, Sequence[str]]
"""The values of each of a form's inputs, as the browser sent them."""

LONGEST = 100
"""Letters of a name or a field."""

OTHER_COMMUNITY = "other-community"
"""The input for a community that the register does not list."""


class Fault(StrEnum):
    """What is wrong with an answer; templates/web/readers/fields.html has the words."""

    MISSING = "missing"
    ADDRESS = "address"
    LONG = "long"
    UNREADABLE = "unreadable"
    ELSEWHERE = "elsewhere"
    CHOICE = "choice"


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
    attributes = {slug: _value(form, slug, entry, faults) for slug, entry in settings.public_fields.items()}
    region, community = map(settings.public_field, (FieldKind.REGION, FieldKind.COMMUNITY))
    if region and community:
        other = _line(form, OTHER_COMMUNITY, faults)
        attributes[community] = _community(attributes, region, community, other, faults)
    sections = read_sections(form, [section.slug for section in settings.sections if not section.always])
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


def read_sections(form: Form, optional: Collection[str]) -> frozenset[str]:
    """Return the sections chosen in `form`, `*` for all."""
    if not optional or first(form, "take") == "all":
        return frozenset({EVERY_SECTION})
    return frozenset(form.get("section", ())) & frozenset(optional)


def _line(form: Form, name: str, faults: dict[str, Fault]) -> str:
    """Return a value as it is kept: one line, blanks single, letters composed so that equals match."""
    value = " ".join(unicodedata.normalize("NFC", first(form, name)).split())
    if len(value) > LONGEST:
        faults[name] = Fault.LONG
    elif not value.isprintable():
        faults[name] = Fault.UNREADABLE
    return value


def _value(form: Form, slug: str, entry: FieldEntry, faults: dict[str, Fault]) -> str:
    """Return the value of a field; of a field of choices, only one of these."""
    value = _line(form, f"field-{slug}", faults)
    if entry.kind is FieldKind.CHOICE and value and value not in entry.choices:
        faults[f"field-{slug}"] = Fault.CHOICE
        return ""
    return value


def _community(
    attributes: Mapping[str, str], region: str, community: str, other: str, faults: dict[str, Fault]
) -> str:
    """Return the community: what was typed, in the register's words where it has it, or what was picked."""
    place, picked = attributes[region], attributes[community]
    known = find(place, other or picked)
    if known:
        return known.label
    if other or not register().get(place):
        return other or picked
    if picked:
        faults[f"field-{community}"] = Fault.ELSEWHERE
    return ""
