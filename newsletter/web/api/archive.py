"""The public archive: issues that were sent, as the site shows them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint

from newsletter.model import ItemKind
from newsletter.scopes import Scope
from newsletter.services import archive
from newsletter.store.archive import Cover, PublicItem
from newsletter.web.api.access import workspace
from newsletter.web.api.document import route
from newsletter.web.api.issues import NAME, PATH, named
from newsletter.web.api.problems import invalid, missing
from newsletter.web.api.values import Page, PageQuery, Shown, cursor

pages = Blueprint("archive", __name__, url_prefix="/archive")


class ArchivedIssue(Shown):
    """An issue of the archive; `url` is its page on the site."""

    issue: date
    starts: date
    subject: str
    preheader: str
    published_at: str
    corrected_at: str
    url: str


class ArchivePage(Page[ArchivedIssue]):
    """A page of the archive."""


class Correction(Shown):
    """A note on what was corrected; an item that is `withdrawn` was taken back."""

    at: str
    reason: str
    withdrawn: bool


class ArchivedItem(Shown):
    """An item as the archive shows it; its HTML runs no script and loads nothing but pictures of the site."""

    id: str
    section: str
    section_title: str
    title: str
    kind: ItemKind
    lead: bool
    link: str
    html: str
    text: str
    starts: str | None
    ends: str | None
    place: str | None
    url: str
    corrections: Sequence[Correction]


class ArchivedWhole(ArchivedIssue):
    """An issue of the archive with its items; what only some readers got is not among them."""

    intro_html: str
    items: Sequence[ArchivedItem]


@route(pages, "GET", "", Scope.ARCHIVE_READ, gives=ArchivePage)
def listed(query: PageQuery) -> ArchivePage:
    """List the issues of the archive, the newest first."""
    found = archive.published(workspace(), before=_day(query.after()), limit=query.limit + 1)
    shown = found[: query.limit]
    more = shown[-1].closing if len(found) > query.limit else None
    return ArchivePage(data=[ArchivedIssue(**_cover(one)) for one in shown], next=cursor(more))


@route(pages, "GET", PATH, Scope.ARCHIVE_READ, gives=ArchivedWhole, arguments=NAME)
def one(issue: str) -> ArchivedWhole:
    """Read an issue of the archive with its items."""
    closing = named(issue)
    found = archive.whole(workspace(), closing) if isinstance(closing, date) else None
    if found is None:
        raise missing(f"issue {issue} is not in the archive", "It is there from its first message on.")
    cover, items = found
    return ArchivedWhole(**_cover(cover), intro_html=cover.intro, items=[_item(one) for one in items])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise invalid("cursor", "this is no cursor of a page", "Begin with the first page.") from None


def _cover(one: Cover) -> dict[str, Any]:
    return {
        "issue": one.closing,
        "starts": one.period.start,
        "subject": one.subject,
        "preheader": one.preheader,
        "published_at": one.begun_at,
        "corrected_at": one.corrected_at,
        "url": f"{workspace().settings.base_url}/issues/{one.closing}",
    }


def _item(one: PublicItem) -> ArchivedItem:
    event = one.event
    return ArchivedItem(
        id=one.anchor,
        section=one.section,
        section_title=one.section_title,
        title=one.title,
        kind=one.kind,
        lead=one.lead,
        link=one.link,
        html=one.html,
        text=one.text,
        starts=event.start.isoformat() if event else None,
        ends=event.end.isoformat() if event and event.end else None,
        place=event.place if event else None,
        url=f"{workspace().settings.base_url}/issues/{one.closing}#{one.anchor}",
        corrections=[
            Correction(at=note.at, reason=note.reason, withdrawn=note.withdrawn) for note in one.notes
        ],
    )
