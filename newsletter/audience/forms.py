"""Parse and validate the fields that readers fill in on the site's forms."""

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
"""Values by input name, as the browser sent them."""

LONGEST = 100
"""Most characters of a name or a field."""

OTHER_COMMUNITY = "other-community"
"""Name of the input for a community that the register does not list."""


class Fault(StrEnum):
    """Why an input is invalid; templates/web/readers/fields.html has the texts."""

    MISSING = "missing"
    ADDRESS = "address"
    LONG = "long"
    UNREADABLE = "unreadable"
    ELSEWHERE = "elsewhere"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A parsed form, to process or to show again with its `faults`, keyed by input name."""

    email: str = ""
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    sections: frozenset[str] = frozenset({EVERY_SECTION})
    agreed: bool = False
    faults: Mapping[str, Fault] = field(default_factory=dict)


def read(form: Form, settings: Settings) -> Answers:
    """Parse name, public fields and sections of `form`; empty fields are not in `attributes`."""
    faults: dict[str, Fault] = {}
    name = _line(form, "name", faults)
    attributes = {slug: _value(form, slug, entry, faults) for slug, entry in settings.public_fields.items()}
    region, community = map(settings.public_field, (FieldKind.REGION, FieldKind.COMMUNITY))
    if region and community:
        other = _line(form, OTHER_COMMUNITY, faults)
        attributes[community] = _community(attributes, region, community, other, faults)
    sections = read_sections(form, settings.optional_sections)
    if not sections:
        faults["section"] = Fault.MISSING
    return Answers(
        name=name,
        attributes={slug: value for slug, value in attributes.items() if value},
        sections=sections,
        faults=faults,
    )


def read_address(form: Form, name: str) -> tuple[str, Fault | None]:
    """Return (normalised address, None) from the input `name`, or (address as typed, fault)."""
    typed = first(form, name).strip()
    if not typed:
        return "", Fault.MISSING
    address, wrong = check_address(typed)
    return (typed, Fault.ADDRESS) if wrong else (address, None)


def first(form: Form, name: str) -> str:
    """Return the first value of the input `name`, or ""."""
    return next(iter(form.get(name, ())), "")


def read_sections(form: Form, optional: Collection[str]) -> frozenset[str]:
    """Return the slugs of the sections chosen in `form`, or `*` for all.

    `take` is "all", "some", or "ticked": then all are chosen by leaving every box ticked.
    """
    take, chosen = first(form, "take"), frozenset(form.get("section", ())) & frozenset(optional)
    if not optional or take == "all" or (take == "ticked" and chosen == frozenset(optional)):
        return frozenset({EVERY_SECTION})
    return chosen


def _line(form: Form, name: str, faults: dict[str, Fault]) -> str:
    """Return a value normalised for storage: one line, single spaces, NFC; record its fault."""
    value = " ".join(unicodedata.normalize("NFC", first(form, name)).split())
    if len(value) > LONGEST:
        faults[name] = Fault.LONG
    elif not value.isprintable():
        faults[name] = Fault.UNREADABLE
    return value


def _value(form: Form, slug: str, entry: FieldEntry, faults: dict[str, Fault]) -> str:
    """Return the value of a field; a choice field accepts only one of its choices."""
    value = _line(form, f"field-{slug}", faults)
    if entry.kind is FieldKind.CHOICE and value and value not in entry.choices:
        faults[f"field-{slug}"] = Fault.CHOICE
        return ""
    return value


def _community(
    attributes: Mapping[str, str], region: str, community: str, other: str, faults: dict[str, Fault]
) -> str:
    """Return the typed or picked community, by its label in the register where it is listed there."""
    place, picked = attributes[region], attributes[community]
    known = find(place, other or picked)
    if known:
        return known.label
    if other or not register().get(place):
        return other or picked
    if picked:
        faults[f"field-{community}"] = Fault.ELSEWHERE
    return ""
