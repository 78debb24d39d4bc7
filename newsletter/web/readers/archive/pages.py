"""Archive pages: list of issues, one issue, sections, search, and a reader's own copy of an issue."""

import re
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from newsletter.errors import LinkInvalid
from newsletter.i18n import format_day
from newsletter.links import Purpose
from newsletter.model import Event
from newsletter.names import closing_of
from newsletter.render.characters import one_line
from newsletter.render.events import event_values
from newsletter.render.markdown import is_hashtag
from newsletter.render.pictures import on_page
from newsletter.render.values import Data
from newsletter.slots import fill_html
from newsletter.store import archive, contents, retention, search_terms
from newsletter.store import issues as frozen_issues
from newsletter.store.archive import PublicItem
from newsletter.store.corrections import OfItem
from newsletter.store.db import reading
from newsletter.store.search import MOST
from newsletter.store.search import search as find
from newsletter.web import mail
from newsletter.web.readers import limits
from newsletter.web.readers.archive.http_caching import Publication, absolute, part, publication, published
from newsletter.web.readers.archive.page_cache import kept
from newsletter.web.readers.site import database, settings, workspace

pages = Blueprint("archive", __name__)

ISSUES = 26
"""Issues per page: half a year."""
ITEMS = 15
"""Items per page of a section or of search results."""
LONGEST = 200
"""Maximum length of a search query, in characters."""
_BODY = re.compile("<body[^>]*>", re.IGNORECASE)


@pages.get("/issues", defaults={"number": 1})
@pages.get("/issues/page/<int(min=2):number>")
@kept
def issues(connection: Connection, number: int) -> Publication:
    """List the issues, newest first, and the sections."""
    page = part(number, ISSUES, archive.count(connection))
    covers = archive.covers(connection, limit=page.size, offset=page.offset)
    sections = archive.sections(connection)
    return _page("issues.html", covers=covers, sections=_titles(sections), page=page)


@pages.get("/issues/<closing:closing>")
@kept
def issue(connection: Connection, closing: date) -> Publication:
    """Show an issue, or 404."""
    cover = archive.find(connection, closing) or abort(404)
    items = archive.items(connection, [closing])
    earlier, later = archive.beside(connection, closing)
    card = absolute("cards.issue", closing=closing)
    return _page(
        "issue.html",
        card=card,
        cover=cover,
        blocks=blocks(items),
        count=len(items),
        earlier=earlier,
        later=later,
    )


@pages.get("/issues/<closing:closing>/<name>.ics")
@kept
def calendar(connection: Connection, closing: date, name: str) -> Publication:
    """Return the calendar file of an event (RFC 5545), the same for everybody, or 404."""
    content = archive.calendar_file(connection, closing, name)
    return publication(content or abort(404), "text/calendar")


@pages.get("/sections/<slug>", defaults={"number": 1})
@pages.get("/sections/<slug>/page/<int(min=2):number>")
@kept
def section(connection: Connection, slug: str, number: int) -> Publication:
    """Show a section's items of all issues; also of a former section that had items."""
    title = section_title(archive.sections(connection), slug)
    page = part(number, ITEMS, archive.count_in_section(connection, slug))
    items = archive.in_section(connection, slug, limit=page.size, offset=page.offset)
    covers = archive.named(connection, (item.closing for item in items))
    groups = [(covers[closing], list(group)) for closing, group in groupby(items, lambda item: item.closing)]
    return _page("section.html", slug=slug, heading=title, groups=groups, page=page)


@pages.get("/search")
@limits.search
def search() -> Response:
    """Show the search results, or the form alone without a query."""
    query = one_line(request.args.get("q", ""))
    number = request.args.get("page", 1, type=int)
    if len(query) > LONGEST:
        return Response(_filled("search.html", query=query[:LONGEST], long=True), 400)
    if not 1 <= number <= MOST:
        abort(404)
    asked = search_terms.read(query)
    with reading(database()) as connection:
        found, total = find(connection, asked, query, limit=ITEMS, offset=(number - 1) * ITEMS)
        covers = archive.named(connection, (item.closing for item in found))
    page = part(number, ITEMS, total)
    results = [
        (
            item,
            covers[item.closing],
            search_terms.marked(item.title, asked),
            search_terms.excerpt(item.text, asked),
        )
        for item in found
    ]
    return published(_page("search.html", query=query, long=False, results=results, page=page, most=MOST))


@pages.get("/view/<token>")
def view(token: str) -> BaseResponse:
    """Show a reader's copy of an issue in the browser; the URL may be forwarded, so it gives no rights.

    The copy's personal links lead to a page that says to open the message itself. Unknown tokens give 404;
    once it is no longer known who got what, they lead to the issue in the archive.
    """
    signer = workspace().signer
    try:
        number, name = signer.read(Purpose.VIEW, token)
    except LinkInvalid:
        abort(404)
    with reading(database()) as connection:
        found = archive.edition_of(connection, number, name)
        if found is None and retention.forgotten(connection, name.isoformat()):
            return redirect(url_for(".issue", closing=closing_of(name)))
        copy = found or abort(404)
        shared = frozen_issues.get(connection, name.isoformat()).envelope
        notes = contents.corrected_in(connection, name.isoformat(), copy.edition)
    html = on_page(copy.html, copy.pictures, lambda name: url_for("pictures.picture", name=name))
    values = signer.slots_of_copy(number, copy.email, name) | shared.greeting_of("")  # it may be forwarded
    response = Response(_noted(fill_html(html, values), notes, closing_of(name)))
    response.headers["Content-Security-Policy"] = mail.POLICY
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _noted(html: str, notes: Sequence[OfItem], closing: date) -> str:
    """Return a copy of what was sent, with what was corrected since said above it."""
    if not notes:
        return html
    g.language = settings().language
    words = render_template("copy_notes.html", notes=notes, closing=closing)
    body = _BODY.search(html)
    place = body.end() if body else 0
    return html[:place] + words + html[place:]


def blocks(items: Sequence[PublicItem]) -> list[tuple[str, str, list[PublicItem]]]:
    """Group one issue's items by section: slug, title at the time, and items."""
    return [
        (slug, title, list(group))
        for (slug, title), group in groupby(items, lambda item: (item.section, item.section_title))
    ]


def section_title(sections: dict[str, archive.ArchivedSection], slug: str) -> str:
    """Return a section's title: the current one, else its last. Aborts with 404 if it never existed."""
    titles = {one.slug: one.title for one in sections.values()}
    titles |= {one.slug: one.title for one in settings().sections}
    return titles.get(slug) or abort(404)


def _titles(sections: dict[str, archive.ArchivedSection]) -> list[tuple[str, str]]:
    """Return slug and title of sections with items: current ones in order, then former ones."""
    today = [(one.slug, one.title) for one in settings().sections if one.slug in sections]
    known = dict(today)
    return today + [(one.slug, one.title) for one in sections.values() if one.slug not in known]


def _page(template: str, **values: Any) -> Publication:
    return publication(_filled(template, **values))


def _filled(template: str, **values: Any) -> str:
    here = absolute(request.endpoint or "", **(request.view_args or {}))
    card = values.pop("card", None) or absolute("cards.digest")
    return render_template(template, canonical=here, longest=LONGEST, card=card, **values)


@pages.app_template_filter("event")
def _event(event: Data) -> Data:
    """Return the words for an event's date, times and place, in the workspace's language."""
    return event_values(Event(start=event.start, end=event.end, place=event.place), settings().language)


@pages.app_template_filter("date")
def _date(at: str) -> str:
    """Format the day of a timestamp (2025-02-14T10:00:00Z) in the workspace's time zone."""
    return format_day(at, settings().timezone, g.language)


@pages.app_template_filter("picture_address")
def picture_address(name: str) -> str:
    """Return the full address of the picture `name`."""
    return absolute("pictures.picture", name=name)


@pages.app_template_filter("calendar_address")
def _calendar_address(item: Data) -> str:
    """Return the absolute address of an event's calendar file."""
    return absolute("archive.calendar", closing=item.closing, name=item.anchor)


pages.add_app_template_test(is_hashtag, "hashtag")
