"""The home page: what the digest is, for whom, when it comes, and a link to the newest issue."""

from babel.dates import get_day_names
from flask import Blueprint, g, render_template
from sqlalchemy import Connection

from newsletter.config.types import DAYS
from newsletter.store import archive
from newsletter.web.readers.archive.http_caching import Publication, publication
from newsletter.web.readers.archive.page_cache import kept
from newsletter.web.readers.site import settings

pages = Blueprint("home", __name__)


@pages.get("/")
@kept
def home(connection: Connection) -> Publication:
    """Show the home page."""
    newest = archive.newest(connection)
    items = len(archive.items(connection, [newest.closing])) if newest else 0
    return publication(render_template("home.html", newest=newest, items=items, weekly=_weekly()))


def _weekly() -> tuple[str, str] | None:
    """Return the weekly day and hour in the visitor's language, if one is set."""
    weekly = settings().schedule.weekly
    if weekly is None:
        return None
    day, _, hour = weekly.partition(" ")
    return get_day_names("wide", "stand-alone", g.language)[DAYS.index(day)], hour
