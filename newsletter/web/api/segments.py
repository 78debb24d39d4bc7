"""Segments: what each is about, and how many readers are in it now."""

from collections.abc import Sequence

from flask import Blueprint

from newsletter.errors import as_data
from newsletter.scopes import Scope
from newsletter.services import subscribers
from newsletter.web.api.access import workspace
from newsletter.web.api.document import route
from newsletter.web.api.values import Fault, Shown

pages = Blueprint("segments", __name__, url_prefix="/segments")


class Segment(Shown):
    """A segment of readers."""

    name: str
    about: str
    readers: int


class Segments(Shown):
    """The sound segments, and what is wrong with the others."""

    data: Sequence[Segment]
    problems: Sequence[Fault]


@route(pages, "GET", "", Scope.SEGMENTS_READ, gives=Segments)
def listed() -> Segments:
    """List the segments, each with the number of its readers."""
    found, problems = subscribers.segments(workspace())
    return Segments(
        data=[Segment.model_validate(one) for one in found],
        problems=[Fault.model_validate({"field": None, **one}) for one in as_data(problems)],
    )
