"""News for the inbox: a site's own programs put it there, and editors place it in an issue."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint

from newsletter.errors import ContentError, as_data
from newsletter.scopes import Scope
from newsletter.services import inbox
from newsletter.services.editing import inboxfile
from newsletter.services.editing.fields import ItemFields
from newsletter.services.editing.inboxfile import Waiting
from newsletter.web.api.access import workspace
from newsletter.web.api.document import route
from newsletter.web.api.problems import missing
from newsletter.web.api.values import Fault, Page, PageQuery, Shown, cursor

pages = Blueprint("items", __name__, url_prefix="/items")

NAME = {"name": "The name of its file"}
_PATH = "/<string(maxlength=100):name>"


class InboxItem(Shown):
    """An item that waits in the inbox; a file that can only be edited as text has nothing but problems."""

    name: str
    title: str
    kind: str
    lead: bool
    sections: Sequence[str]
    link: str
    date: str
    when: str
    until: str
    where: str
    text: str
    source: str
    found_at: datetime | None
    problems: Sequence[Fault]


class InboxPage(Page[InboxItem]):
    """A page of the inbox."""


@route(pages, "GET", "", Scope.ITEMS_READ, gives=InboxPage)
def listed(query: PageQuery) -> InboxPage:
    """List what waits in the inbox, by name."""
    after = query.after()
    waiting = sorted(inbox.waiting(workspace()), key=lambda one: one.name)
    rest = [one for one in waiting if one.name > after]
    shown = rest[: query.limit]
    more = shown[-1].name if len(rest) > query.limit else None
    return InboxPage(data=list(map(_shown, shown)), next=cursor(more))


@route(pages, "GET", _PATH, Scope.ITEMS_READ, gives=InboxItem, arguments=NAME)
def one(name: str) -> tuple[InboxItem, int, dict[str, str]]:
    """Read an item that waits."""
    return _with_etag(_read(name))


def _read(name: str) -> Waiting:
    """Return an item that waits. Raises Refused."""
    try:
        return inboxfile.read(workspace().root, name, workspace().settings)
    except ContentError:
        raise missing("no item of this name waits", "It was placed in an issue, or dismissed.") from None


def _with_etag(item: Waiting) -> tuple[InboxItem, int, dict[str, str]]:
    return _shown(item), 200, {"ETag": f'"{item.version.sha}"'}


def _shown(item: Waiting) -> InboxItem:
    fields = item.fields or ItemFields(title=item.title)
    return InboxItem(
        name=item.name,
        title=fields.title,
        kind=fields.kind,
        lead=fields.lead,
        sections=fields.sections,
        link=fields.link,
        date=fields.date,
        when=fields.when,
        until=fields.until,
        where=fields.where,
        text=fields.text,
        source=item.source,
        found_at=item.found_at,
        problems=[Fault.model_validate({"field": None, **one}) for one in as_data(item.problems)],
    )
