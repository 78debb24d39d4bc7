"""News for the inbox: a site's own programs put it there, and editors place it in an issue."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, url_for
from pydantic import Field, StrictBool

from newsletter.compose.item import is_address
from newsletter.errors import ContentError, as_data
from newsletter.model import ItemKind
from newsletter.scopes import Scope
from newsletter.services import inbox
from newsletter.services.editing import inboxfile
from newsletter.services.editing.fields import ItemFields
from newsletter.services.editing.files import Conflict, Desk
from newsletter.services.editing.history import Author
from newsletter.services.editing.inboxfile import Waiting
from newsletter.services.inbox import Found
from newsletter.services.journal import Act
from newsletter.web.api.access import journal, token, workspace
from newsletter.web.api.document import route
from newsletter.web.api.problems import Refused, invalid, missing
from newsletter.web.api.values import Change, Fault, Given, Line, Page, PageQuery, Shown, Words, cursor
from newsletter.yamlfile import nearest

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


class NewItem(Given):
    """News for the inbox."""

    title: Line = Field(min_length=1)
    text: Words = Field(default="", description="Markdown")
    link: Line = Field(default="", max_length=2000, description="Of the page that it is from")
    kind: ItemKind = ItemKind.NEWS
    lead: StrictBool = False
    sections: Sequence[Line] = Field(default=(), max_length=20, description="Slugs")
    date: dt.date | None = None
    when: Line = Field(default="", description="Of an event: a day, or a day with its hour")
    until: Line = ""
    where: Line = ""


class ItemChange(Given):
    """What is to be changed of an item; what is not named stays."""

    title: Line = Field(default="", min_length=1)
    text: Words = ""
    link: Line = Field(default="", max_length=2000)
    kind: ItemKind = ItemKind.NEWS
    lead: StrictBool = False
    sections: Sequence[Line] = Field(default=(), max_length=20)
    date: dt.date | None = None
    when: Line = ""
    until: Line = ""
    where: Line = ""


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


@route(pages, "POST", "", Scope.ITEMS_WRITE, gives=InboxItem, status=HTTPStatus.CREATED)
def add(json: NewItem) -> tuple[InboxItem, int, dict[str, str]]:
    """Put news into the inbox.

    A link that waits there already, was dismissed, or stands in an issue of the last weeks is refused with
    409, so that a site may send its news as often as it likes.
    """
    fields = replace(ItemFields(), **_typed(json))
    press, program = workspace(), token().name
    name = inbox.add(_desk(), Found(fields=fields, source=program, found_at=press.now()))
    if name is None:
        raise Refused(
            "conflict", "this link is known", hint="It waits, was dismissed, or stands in an issue."
        )
    journal(Act.ITEM_ADDED, subject=name)
    shown, _, headers = _with_etag(_read(name))
    return shown, HTTPStatus.CREATED, {**headers, "Location": url_for("items.one", name=name)}


@route(pages, "PATCH", _PATH, Scope.ITEMS_WRITE, gives=InboxItem, refuses=["conflict"], arguments=NAME)
def change(name: str, headers: Change, json: ItemChange) -> tuple[InboxItem, int, dict[str, str]]:
    """Change an item that waits."""
    found = _read(name)
    if found.fields is None:
        raise Refused("conflict", f"{found.path} can only be edited as text", hint="Mend it by hand.")
    if not headers.names(found.version.sha):
        raise Refused("changed")
    done = inbox.save_fields(_desk(), name, found.version.sha, replace(found.fields, **_typed(json)))
    if isinstance(done, Conflict):
        raise Refused("changed")
    journal(Act.ITEM_EDITED, subject=name)
    return _with_etag(_read(name))


@route(pages, "DELETE", _PATH, Scope.ITEMS_WRITE, status=HTTPStatus.NO_CONTENT, arguments=NAME)
def dismiss(name: str, headers: Change) -> tuple[str, int]:
    """Dismiss an item: its file is kept, so that nothing brings the same news again."""
    _read(name)
    if not inbox.dismiss(_desk(), name, headers.names):
        raise Refused("changed")
    journal(Act.ITEM_REMOVED, subject=name)
    return "", HTTPStatus.NO_CONTENT


def _desk() -> Desk:
    """Return the workspace, and the program as the author of what is saved."""
    return Desk(workspace(), Author(token().name))


def _typed(given: NewItem | ItemChange) -> dict[str, Any]:
    """Return the fields that were sent, as an editor types them. Raises Refused."""
    sent = {name: getattr(given, name) for name in given.model_fields_set}
    known = [one.slug for one in workspace().settings.sections]
    for number, slug in enumerate(sent.get("sections", ())):
        if slug not in known:
            raise invalid(f"sections.{number}", "there is no such section", nearest(slug, known))
    if sent.get("link") and not is_address(sent["link"]):
        raise invalid("link", "this is not a whole address", "Begin it with https://")
    if "kind" in sent:
        sent["kind"] = sent["kind"].value
    if "date" in sent:
        sent["date"] = sent["date"].isoformat() if sent["date"] else ""
    if "sections" in sent:
        sent["sections"] = tuple(sent["sections"])
    return sent


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
