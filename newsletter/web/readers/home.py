"""The landing page: whose digest it is, when it comes, the form to sign up, and the newest issue."""

from dataclasses import replace
from hashlib import sha256

from babel.dates import get_day_names
from flask import Blueprint, Response, g, render_template
from sqlalchemy import Connection

from newsletter.audience.forms import Answers
from newsletter.config.types import DAYS
from newsletter.locales import locale
from newsletter.slots import fill_html, slot
from newsletter.store import archive
from newsletter.store.archive import PublicItem
from newsletter.web.readers.archive.http_caching import Publication, absolute, publication, published
from newsletter.web.readers.archive.page_cache import stored
from newsletter.web.readers.joining.signup import form_values, stamp
from newsletter.web.readers.site import settings, workspace

pages = Blueprint("home", __name__)

_STAMP = "STAMP"
"""The slot of the form's stamp: the page is rendered once for all visitors, each stamp made at its visit."""
_LONGEST = 260
"""Characters of the lead's text."""


@pages.get("/")
def home() -> Response:
    """Show the landing page; a browser may keep its copy for an hour, as its form is valid for a day."""
    page = _page()
    hour = workspace().now().strftime("%Y%m%d%H")
    content = fill_html(page.content.decode(), {_STAMP: stamp()}).encode()
    mark = sha256(f"{page.mark} {hour}".encode()).hexdigest()[:32]
    return published(replace(page, content=content, mark=mark))


@stored
def _page(connection: Connection) -> Publication:
    newest = archive.newest(connection)
    items = archive.items(connection, [newest.closing]) if newest else []
    return publication(
        render_template(
            "home.html",
            newest=newest,
            items=len(items),
            lead=_lead(items),
            weekly=_weekly(),
            canonical=absolute("home.home"),
            card=absolute("cards.digest"),
            **form_values(Answers(sections=frozenset(settings().optional_sections)), slot(_STAMP)),
        )
    )


def _lead(items: list[PublicItem]) -> tuple[str, str] | None:
    """Return title and opening words of the item that leads the issue, else of its first one."""
    if not items:
        return None
    lead = next((item for item in items if item.lead), items[0])
    text = " ".join(lead.text.split())
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST].rpartition(' ')[0].rstrip(' ,;:–-')}…"
    return lead.title, text


def _weekly() -> tuple[str, str] | None:
    """Return the weekly day and hour in the visitor's language, if one is set."""
    weekly = settings().schedule.weekly
    if weekly is None:
        return None
    day, _, hour = weekly.partition(" ")
    return get_day_names("wide", "stand-alone", locale(g.language))[DAYS.index(day)], hour
