"""Segments: named conditions from subscribers/segments.yaml, translated to SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, true

from newsletter.conditions import SECTION, parse
from newsletter.config import Settings
from newsletter.errors import ContentError, Message, Place, Problem
from newsletter.model import EVERY_SECTION, AllOf, AnyOf, Condition, Has, Not, SubscriptionState
from newsletter.store.schema import subscriber, subscription
from newsletter.yamlfile import Document, load

FILE = "subscribers/segments.yaml"
_ABOUT = "about"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A named condition with a description."""

    name: str
    about: str = ""
    condition: Condition
    at: Place


def load_segments(root: Path, settings: Settings) -> tuple[dict[str, Segment], list[Problem]]:
    """Load the segments of the workspace `root`, and the problems of invalid ones, which are left out.

    Both are empty without a file.
    """
    try:
        document = load((root / FILE).read_text(encoding="utf-8-sig"), FILE)
    except FileNotFoundError:
        return {}, []
    except ContentError as error:
        return {}, list(error.problems)
    except (OSError, UnicodeDecodeError) as error:
        return {}, [
            Problem.error(
                Message("cannot be read: %(error)s", error=error), Place(FILE), "Save it as UTF-8 text."
            )
        ]
    if document.data is None:
        return {}, []
    if not isinstance(document.data, Mapping):
        return {}, [
            Problem.error("must map names to conditions", Place(FILE, 1), "Write `name: {section: social}`.")
        ]
    segments: dict[str, Segment] = {}
    problems: list[Problem] = []
    for name, data in document.data.items():
        segment, found = _segment(name, data, document, settings)
        problems += found
        if segment:
            segments[segment.name] = segment
    return segments, problems


def _segment(
    name: Any, data: Any, document: Document, settings: Settings
) -> tuple[Segment | None, list[Problem]]:
    at = document.place((name,))
    if not isinstance(name, str) or not name.strip():
        return None, [
            Problem.error(Message("%(name)r is not a name", name=name), at, "Put the name in quotes.")
        ]
    about = ""
    if isinstance(data, Mapping):
        about = data.get(_ABOUT) or ""
        if not isinstance(about, str):
            return None, [Problem.error("'about' is not a line of text", document.place((name, _ABOUT)))]
        data = {key: value for key, value in data.items() if key != _ABOUT}
    condition, problems = parse(
        replace(document, data={name: data}),
        (name,),
        sections=[section.slug for section in settings.sections],
        fields=settings.fields,
    )
    if condition is None:
        return None, problems
    return Segment(name=name, about=about, condition=condition, at=at), []


def where(condition: Condition) -> ColumnElement[bool]:
    """Return `condition` as an SQL expression on the table subscriber; equivalent to `conditions.holds`."""
    match condition:
        case Has(field, values) if field == SECTION:
            return (
                exists()
                .where(
                    subscription.c.subscriber == subscriber.c.id,
                    subscription.c.state == SubscriptionState.ACTIVE.value,
                    subscription.c.section.in_([*values, EVERY_SECTION]),
                )
                .correlate(subscriber)
            )
        case Has(field, values):
            # A missing attribute is NULL, and so is NULL IN (…) and its NOT, unless coalesced.
            return func.coalesce(subscriber.c.attributes[field].as_string().in_(list(values)), false())
        case Not(inner):
            return not_(where(inner))
        case AllOf(inner):
            return and_(true(), *map(where, inner))
        case AnyOf(inner):
            return or_(false(), *map(where, inner))
