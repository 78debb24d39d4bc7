"""Who got an issue, and what became of it: message by message, and in numbers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from flask import Blueprint
from pydantic import Field

from newsletter.errors import StateError
from newsletter.model import Outcome
from newsletter.scopes import Scope
from newsletter.services import recipients, reports
from newsletter.services.journal import Act
from newsletter.services.recipients import PENDING, Question
from newsletter.services.reports import Row
from newsletter.web.api.access import journal, workspace
from newsletter.web.api.document import route
from newsletter.web.api.issues import NAME, PATH, named
from newsletter.web.api.problems import missing
from newsletter.web.api.values import Line, Page, PageQuery, Shown, cursor

pages = Blueprint("deliveries", __name__, url_prefix="/issues")


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    state: Outcome | Literal["pending"] | None = Field(default=None, description="Of the message")
    edition: Line = ""
    words: Line = Field(default="", description="In the address or the name")


class Delivery(Shown):
    """The message to one reader; of an erased one the address is empty. A pending one has no outcome yet."""

    reader: int
    email: str
    name: str
    edition: str
    state: str
    code: int | None
    detail: str
    at: str


class DeliveryPage(Page[Delivery]):
    """A page of deliveries; `found` is how many there are in all."""

    found: int


class Outcomes(Shown):
    """Readers by outcome; those that have none yet are pending."""

    name: str
    readers: int
    outcomes: Mapping[str, int]
    pending: int


class Failure(Shown):
    """An answer of receiving servers, and how many messages it was given to."""

    code: int
    detail: str
    number: int


class Reported(Shown):
    """What was reported later, such as a bounce."""

    kind: str
    code: str
    number: int


class IssueOutcomes(Shown):
    """What became of an issue; once its deliveries are forgotten, only `total` is known."""

    total: Outcomes
    forgotten: bool
    sections: Sequence[Outcomes]
    regions: Sequence[Outcomes]
    domains: Sequence[Outcomes]
    failures: Sequence[Failure]
    reports: Sequence[Reported]


@route(
    pages,
    "GET",
    f"{PATH}/deliveries",
    Scope.DELIVERIES_READ,
    gives=DeliveryPage,
    arguments=NAME,
)
def listed(issue: str, query: DeliveryQuery) -> DeliveryPage:
    """List who gets an issue and what became of each message."""
    asked = Question(
        words=query.words,
        state=query.state or "",
        edition=query.edition,
        after=query.after_number(),
        limit=query.limit,
    )
    name = named(issue).isoformat()
    with _approved(name):
        found = recipients.recipients(workspace(), name, asked)
    journal(Act.READERS_SEEN, issue=name, found=found.found, shown=len(found.people))
    return DeliveryPage(
        data=[
            Delivery(
                reader=one.number,
                email=one.member.email,
                name=one.name,
                edition=one.member.edition,
                state=one.member.state or PENDING,
                code=one.member.code or None,
                detail=one.member.detail or "",
                at=one.member.at or "",
            )
            for one in found.people
        ],
        next=cursor(found.next),
        found=found.found,
    )


@route(pages, "GET", f"{PATH}/outcomes", Scope.DELIVERIES_READ, gives=IssueOutcomes, arguments=NAME)
def outcomes(issue: str) -> IssueOutcomes:
    """Read what became of an issue, in numbers: in all, by section, region and receiving domain."""
    name = named(issue).isoformat()
    with _approved(name):
        found = reports.issue_report(workspace(), name)
    return IssueOutcomes(
        total=_row(found.total),
        forgotten=found.forgotten,
        sections=list(map(_row, found.sections)),
        regions=list(map(_row, found.regions)),
        domains=list(map(_row, found.domains)),
        failures=[
            Failure(code=code, detail=detail, number=number) for code, detail, number in found.failures
        ],
        reports=[Reported(kind=kind, code=code, number=number) for kind, code, number in found.reports],
    )


@contextmanager
def _approved(name: str) -> Iterator[None]:
    """Say that there is nothing yet where the block asks about an issue that is not approved."""
    try:
        yield
    except StateError:
        raise missing(f"issue {name} is not approved", "Who gets it is known from then on.") from None


def _row(row: Row) -> Outcomes:
    return Outcomes(
        name=row.name,
        readers=row.readers,
        outcomes={outcome.value: row.outcomes.get(outcome, 0) for outcome in Outcome},
        pending=row.pending,
    )
