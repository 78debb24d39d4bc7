"""Atom and JSON feeds, sitemap and robots.txt of the archive, in the workspace's language."""

import json as _json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, render_template, request
from sqlalchemy import Connection

from newsletter.store import archive
from newsletter.store.archive import Cover, PublicItem
from newsletter.store.pictures import PublicPicture
from newsletter.web.readers.archive.http_caching import Publication, absolute, publication, published
from newsletter.web.readers.archive.page_cache import kept
from newsletter.web.readers.archive.pages import blocks, picture_address, section_title
from newsletter.web.readers.site import settings

pages = Blueprint("feeds", __name__)


@pages.before_request
def _in_the_workspace_s_language() -> None:
    """Write a feed in one language, whatever the visitor's."""
    g.language = settings().language


_ATOM, _JSON = "application/atom+xml", "application/feed+json"
_ISSUES, _ITEMS = 20, 50
_NEVER = "1970-01-01T00:00:00Z"  # date of an empty feed: RFC 4287 §4.1.1 requires one
_PRIVATE = ("preferences", "unsubscribe", "confirm", "view", "mine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An issue or an item in a feed: its URL is also its permanent id.

    `at` is when it was published, `changed` that moment or when it was corrected last.
    """

    title: str
    address: str
    at: str
    changed: str
    html: str
    summary: str = ""
    source: str = ""
    picture: PublicPicture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed: entries, newest first, the feed's own URL and that of the page it belongs to."""

    title: str
    address: str
    page: str
    entries: list[Entry]

    @property
    def changed(self) -> str:
        """When an entry was last published or corrected; 1970 for an empty feed."""
        return max((entry.changed for entry in self.entries), default=_NEVER)


@pages.get("/feed.xml")
@kept
def atom(connection: Connection) -> Publication:
    """Return the newest issues as Atom (RFC 4287)."""
    return _atom(_issues(connection, absolute("feeds.atom")))


@pages.get("/feed.json")
@kept
def json(connection: Connection) -> Publication:
    """Return the newest issues as JSON Feed 1.1."""
    return _json_feed(_issues(connection, absolute("feeds.json")))


@pages.get("/sections/<slug>/feed.xml")
@kept
def section_atom(connection: Connection, slug: str) -> Publication:
    """Return a section's newest items as Atom."""
    return _atom(_section(connection, slug, absolute("feeds.section_atom", slug=slug)))


@pages.get("/sections/<slug>/feed.json")
@kept
def section_json(connection: Connection, slug: str) -> Publication:
    """Return a section's newest items as JSON Feed."""
    return _json_feed(_section(connection, slug, absolute("feeds.section_json", slug=slug)))


@pages.get("/sitemap.xml")
@kept
def sitemap(connection: Connection) -> Publication:
    """Return the sitemap of the pages that search engines may index (sitemaps.org)."""
    covers = archive.covers(connection, limit=archive.count(connection))
    sections = archive.sections(connection).values()
    newest = max((cover.changed_at for cover in covers), default="")
    places = [(f"{settings().base_url}/", newest), (absolute("archive.issues"), newest)]
    places += [(absolute("archive.issue", closing=cover.closing), cover.changed_at) for cover in covers]
    places += [(absolute("archive.section", slug=one.slug), one.begun_at) for one in sections]
    return publication(render_template("sitemap.xml", places=places), "application/xml", newest)


@pages.get("/robots.txt")
def robots() -> Response:
    """Return robots.txt, which excludes readers' personal pages (RFC 9309)."""
    lines = [f"Disallow: {request.script_root}/{name}" for name in _PRIVATE]
    lines = ["User-agent: *", *lines, "", f"Sitemap: {absolute('feeds.sitemap')}", ""]
    return published(publication("\n".join(lines), "text/plain"))


def _issues(connection: Connection, address: str) -> Feed:
    covers = archive.covers(connection, limit=_ISSUES)
    items = archive.items(connection, [cover.closing for cover in covers])
    return Feed(
        title=settings().title,
        address=address,
        page=absolute("archive.issues"),
        entries=[
            _issue(cover, [item for item in items if item.closing == cover.closing]) for cover in covers
        ],
    )


def _issue(cover: Cover, items: list[PublicItem]) -> Entry:
    return Entry(
        title=cover.subject,
        address=absolute("archive.issue", closing=cover.closing),
        at=cover.begun_at,
        changed=cover.changed_at,
        html=render_template("feed_issue.html", cover=cover, blocks=blocks(items)).strip(),
        summary=cover.preheader,
        picture=cover.picture,
    )


def _section(connection: Connection, slug: str, address: str) -> Feed:
    title = section_title(archive.sections(connection), slug)
    items = archive.in_section(connection, slug, limit=_ITEMS)
    covers = archive.named(connection, (item.closing for item in items))
    return Feed(
        title=f"{title} · {settings().title}",
        address=address,
        page=absolute("archive.section", slug=slug),
        entries=[_item(item, covers[item.closing].begun_at) for item in items],
    )


def _item(item: PublicItem, at: str) -> Entry:
    return Entry(
        title=item.title,
        address=absolute("archive.issue", closing=item.closing, _anchor=item.anchor),
        at=at,
        changed=max([at, *(note.at for note in item.notes)]),
        html=render_template("feed_item.html", item=item).strip(),
        source=item.link,
        picture=item.picture,
    )


def _atom(feed: Feed) -> Publication:
    return publication(
        render_template("feed.xml", feed=feed, icon=absolute("brand.icon"), card=absolute("cards.digest")),
        _ATOM,
        feed.changed,
    )


def _json_feed(feed: Feed) -> Publication:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "icon": absolute("brand.icon"),
        "favicon": absolute("brand.icon"),
        "language": settings().language,
        "authors": [{"name": settings().publisher}],
        "items": [_json_entry(entry) for entry in feed.entries],
    }
    return publication(_json.dumps(document, ensure_ascii=False), _JSON, feed.changed)


def _json_entry(entry: Entry) -> dict[str, Any]:
    written = {
        "id": entry.address,
        "url": entry.address,
        "external_url": entry.source,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.html,
        "date_published": entry.at,
        "date_modified": entry.changed if entry.changed != entry.at else "",
        **(_json_picture(entry.picture) if entry.picture else {}),
    }
    return {name: value for name, value in written.items() if value or name == "content_html"}


def _json_picture(picture: PublicPicture) -> dict[str, Any]:
    address = picture_address(picture.name)
    attachment = {"url": address, "mime_type": picture.media_type, "size_in_bytes": picture.size}
    return {"image": address, "attachments": [{**attachment, "title": picture.alt}]}
