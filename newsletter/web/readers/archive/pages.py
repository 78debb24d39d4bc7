"""The archive: every issue that was sent, its sections, search, and a reader's own letter in the browser."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy import Connection

from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.render.characters import printable
from newsletter.render.markdown import is_hashtag
from newsletter.slots import fill_html
from newsletter.store import archive, search_terms
from newsletter.store.archive import PublicItem
from newsletter.store.db import reading
from newsletter.store.search import MOST
from newsletter.store.search import search as find
from newsletter.web import mail
from newsletter.web.readers import limits
from newsletter.web.readers.archive.http_caching import Publication, absolute, part, publication, published
from newsletter.web.readers.archive.page_cache import kept
from newsletter.web.readers.site import context, database, settings

pages = Blueprint("archive", __name__)

ISSUES = 26
"""Issues on a page: half a year."""
ITEMS = 15
"""Items on a page of a section or of results."""
LONGEST = 200
"""Characters of a query."""


@pages.get("/issues", defaults={"number": 1})
@pages.get("/issues/page/<int(min=2):number>")
@kept
def issues(connection: Connection, number: int) -> Publication:
    """List the issues, the newest first, and the sections."""
    page = part(number, ISSUES, archive.count(connection))
    covers = archive.covers(connection, limit=page.size, offset=page.offset)
    rubrics = archive.rubrics(connection)
    return _page("issues.html", covers=covers, rubrics=_titles(rubrics), page=page)


@pages.get("/issues/<closing:closing>")
@kept
def issue(connection: Connection, closing: date) -> Publication:
    """Show an issue."""
    cover = archive.find(connection, closing) or abort(404)
    items = archive.items(connection, [closing])
    earlier, later = archive.beside(connection, closing)
    return _page(
        "issue.html", cover=cover, blocks=blocks(items), count=len(items), earlier=earlier, later=later
    )


@pages.get("/sections/<slug>", defaults={"number": 1})
@pages.get("/sections/<slug>/page/<int(min=2):number>")
@kept
def section(connection: Connection, slug: str, number: int) -> Publication:
    """Show the items of a section over all issues, also of one that is no more but had items."""
    title = section_title(archive.rubrics(connection), slug)
    page = part(number, ITEMS, archive.count_in_section(connection, slug))
    items = archive.in_section(connection, slug, limit=page.size, offset=page.offset)
    covers = archive.named(connection, (item.closing for item in items))
    groups = [(covers[closing], list(group)) for closing, group in groupby(items, lambda item: item.closing)]
    return _page("section.html", slug=slug, heading=title, groups=groups, page=page)


@pages.get("/search")
@limits.search
def search() -> Response:
    """Show what is found, or the form alone."""
    query = " ".join(printable(request.args.get("q", "")).split())
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
def view(token: str) -> Response:
    """Show a copy of the letter that a reader got, whoever was forwarded its address.

    Its own links lead to where one is told to open the letter itself; an unknown token is not found (404).
    """
    signer = context().signer
    try:
        number, closing = signer.read(Purpose.VIEW, token)
    except LinkInvalid:
        abort(404)
    with reading(database()) as connection:
        html, email = archive.edition_of(connection, number, closing) or abort(404)
    response = Response(fill_html(html, signer.slots_of_copy(number, email, closing)))
    response.headers["Content-Security-Policy"] = mail.POLICY
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def blocks(items: Sequence[PublicItem]) -> list[tuple[str, str, list[PublicItem]]]:
    """Return the items of one issue by section: its slug, its title then, and its items."""
    return [
        (slug, title, list(group))
        for (slug, title), group in groupby(items, lambda item: (item.section, item.section_title))
    ]


def section_title(rubrics: dict[str, archive.Rubric], slug: str) -> str:
    """Return the title of a section: today's, else its last. One that never was is not found (404)."""
    titles = {one.slug: one.title for one in rubrics.values()}
    titles |= {one.slug: one.title for one in settings().sections}
    return titles.get(slug) or abort(404)


def _titles(rubrics: dict[str, archive.Rubric]) -> list[tuple[str, str]]:
    """Return the sections that have items: today's in their order, then those that are no more."""
    today = [(one.slug, one.title) for one in settings().sections if one.slug in rubrics]
    known = dict(today)
    return today + [(one.slug, one.title) for one in rubrics.values() if one.slug not in known]


def _page(template: str, **values: Any) -> Publication:
    return publication(_filled(template, **values))


def _filled(template: str, **values: Any) -> str:
    here = absolute(request.endpoint or "", **(request.view_args or {}))
    return render_template(template, canonical=here, longest=LONGEST, **values)


pages.add_app_template_test(is_hashtag, "hashtag")
