"""The first page: what the digest is, for whom, when it comes, and the newest issue to look at."""

from babel.dates import get_day_names
from flask import Blueprint, Response, g, render_template

from newsletter.config.words import DAYS
from newsletter.store import archive
from newsletter.store.db import reading
from newsletter.web.public.archive.publishing import published
from newsletter.web.public.site import database, settings

pages = Blueprint("home", __name__)


@pages.get("/")
def home() -> Response:
    """Show the first page."""
    with reading(database()) as connection:
        newest = archive.newest(connection)
        items = len(archive.items(connection, [newest.closing])) if newest else 0
    return published(render_template("home.html", newest=newest, items=items, weekly=_weekly()))


def _weekly() -> tuple[str, str] | None:
    """Return the weekly day and hour in the visitor's language, if one is set."""
    weekly = settings().schedule.weekly
    if weekly is None:
        return None
    day, _, hour = weekly.partition(" ")
    return get_day_names("wide", "stand-alone", g.language)[DAYS.index(day)], hour
