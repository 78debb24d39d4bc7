"""A condition as a sentence of an editor's form: readers to whom all, or any, of some parts apply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.conditions import SECTION, as_data, parse
from newsletter.config import Settings
from newsletter.errors import ContentError, Problem
from newsletter.model import AllOf, AnyOf, Condition, Has, Not
from newsletter.services.editing.fields import condition_line
from newsletter.yamlfile import load

_KEY = "only_for"


@dataclass(frozen=True, slots=True)
class Part:
    """A field of readers, whether it is one of the values or none of them, and the values."""

    field: str
    holds: bool
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """The parts, and whether all of them must apply or any one is enough."""

    every: bool
    parts: tuple[Part, ...]


def read_condition(line: str, settings: Settings) -> tuple[Condition | None, Sequence[Problem]]:
    """Parse a condition written in YAML on one line; None with the problems where it is none."""
    try:
        document = load(f"{_KEY}: {line}", _KEY)
    except ContentError as error:
        return None, error.problems
    if not isinstance(document.data, Mapping) or document.data.get(_KEY) is None:
        return None, ()
    slugs = [section.slug for section in settings.sections]
    return parse(document, (_KEY,), sections=slugs, fields=settings.fields)


def sentence_of(line: str, settings: Settings) -> Sentence | None:
    """Return the condition as a sentence, or None when it says more than a sentence can."""
    if not line:
        return Sentence(every=True, parts=())
    condition, _ = read_condition(line, settings)
    if condition is None:
        return None
    every, parts = (
        (not isinstance(condition, AnyOf), condition.conditions)
        if isinstance(condition, AllOf | AnyOf)
        else (True, (condition,))
    )
    simple = [_part(one, settings) for one in parts]
    return Sentence(every, tuple(one for one in simple if one)) if all(simple) else None


def line_of(sentence: Sentence, settings: Settings) -> str:
    """Return the sentence as YAML on one line, empty when nothing is said of anybody; the inverse."""
    said = [_data(part, settings) for part in sentence.parts if part.field and part.values]
    if not said:
        return ""
    return condition_line(said[0] if len(said) == 1 else {"all" if sentence.every else "any": said})


def _part(condition: Condition, settings: Settings) -> Part | None:
    inner = condition.condition if isinstance(condition, Not) else condition
    if not isinstance(inner, Has):
        return None
    titles = {section.slug: section.title for section in settings.sections}
    named = titles if inner.field == SECTION else {}
    values = tuple(sorted(named.get(value, value) for value in inner.values))
    return Part(inner.field, not isinstance(condition, Not), values)


def _data(part: Part, settings: Settings) -> dict[str, Any]:
    slugs = {section.title.casefold(): section.slug for section in settings.sections}
    named = slugs if part.field == SECTION else {}
    has = Has(part.field, frozenset(named.get(value.casefold(), value) for value in part.values))
    return as_data(has if part.holds else Not(has))
