"""Issues: their states, what one holds, and where its sending stands."""

import datetime as dt
from collections.abc import Sequence
from datetime import date

from flask import Blueprint

from newsletter.compose.issuefile import path_of
from newsletter.model import ItemKind
from newsletter.names import IssueName, read_name
from newsletter.scopes import Scope
from newsletter.services import status
from newsletter.web.api.access import workspace
from newsletter.web.api.document import route
from newsletter.web.api.problems import missing
from newsletter.web.api.values import Page, PageQuery, Shown, cursor

pages = Blueprint("issues", __name__, url_prefix="/issues")

NAME = {"issue": "A closing date, like 2025-02-14; a letter with a correction is 2025-02-14+1"}
PATH = "/<string(maxlength=14):issue>"


class IssueLine(Shown):
    """An issue: its state, and how many readers have which outcome."""

    issue: str
    state: str
    readers: int
    accepted: int
    pending: int
    failed: int
    unknown: int
    approved_by: str
    approved_at: str
    begun_at: str


class IssuePage(Page[IssueLine]):
    """A page of issues."""


class Sending(Shown):
    """Where the sending of an approved issue stands."""

    transport: str
    fingerprint: str
    reason: str
    without: int
    due: str | None
    undo_until: str | None
    rate: float
    seconds_left: int | None
    changed: Sequence[str]


class Issue(IssueLine):
    """An issue, and where its sending stands if it is approved."""

    sending: Sending | None


class IssueItem(Shown):
    """An item of an issue as it is composed now."""

    id: str
    section: str
    title: str
    kind: ItemKind
    lead: bool
    link: str | None
    date: dt.date | None
    text: str
    for_some: bool


class IssueItems(Shown):
    """The items of an issue in their order."""

    data: Sequence[IssueItem]


def named(text: str) -> IssueName:
    """Return the name of an issue. Raises Refused when it is none."""
    try:
        return read_name(text)
    except ValueError:
        raise missing(f"{text!r} is not the name of an issue", "Write it like 2025-02-14.") from None


@route(pages, "GET", "", Scope.ISSUES_READ, gives=IssuePage)
def listed(query: PageQuery) -> IssuePage:
    """List the issues, the newest first."""
    before = query.after()
    lines = [one for one in status.overview(workspace()) if not before or one.issue < before]
    shown = lines[: query.limit]
    more = shown[-1].issue if len(lines) > query.limit else None
    return IssuePage(data=[IssueLine.model_validate(one) for one in shown], next=cursor(more))


@route(pages, "GET", PATH, Scope.ISSUES_READ, gives=Issue, arguments=NAME)
def one(issue: str) -> Issue:
    """Read the state of one issue."""
    name = named(issue).isoformat()
    line = next((one for one in status.overview(workspace()) if one.issue == name), None)
    if line is None:
        raise missing(f"there is no issue {name}")
    approved = Sending.model_validate(status.summary(workspace(), name)) if line.approved_at else None
    return Issue.model_validate({**IssueLine.model_validate(line).model_dump(), "sending": approved})


@route(
    pages, "GET", f"{PATH}/items", Scope.ISSUES_READ, gives=IssueItems, refuses=["invalid"], arguments=NAME
)
def items(issue: str) -> IssueItems:
    """Read the items of an issue as it is composed now, approved or not."""
    closing = named(issue)
    if not isinstance(closing, date) or not (workspace().root / path_of(closing)).is_file():
        raise missing(f"no issue is composed for {issue}", "newsletter compose makes it of its items.")
    found, _ = workspace().issue(closing)
    return IssueItems(
        data=[
            IssueItem(
                id=item.id,
                section=block.section.slug,
                title=item.title,
                kind=item.kind,
                lead=item.lead,
                link=item.link,
                date=item.date,
                text=item.text,
                for_some=item.only_for is not None,
            )
            for block in found.blocks
            for item in block.items
        ]
    )
