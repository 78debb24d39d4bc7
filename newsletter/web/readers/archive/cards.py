"""Cards for shared links (Open Graph): a picture for each issue, and one for the digest."""

from datetime import date

from flask import Blueprint, Response, abort
from sqlalchemy import Connection

from newsletter.i18n import format_period
from newsletter.pictures.draw import card
from newsletter.store import archive
from newsletter.web.readers.archive.http_caching import Publication, publication
from newsletter.web.readers.archive.page_cache import kept
from newsletter.web.readers.site import settings, workspace

pages = Blueprint("cards", __name__)

_PNG = "image/png"


@pages.after_request
def _show_anywhere(response: Response) -> Response:
    """Allow other sites to show the cards: that is what they are for."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@pages.get("/card.png")
@kept
def digest(_connection: Connection) -> Publication:
    """Return the digest's card: its title."""
    return _drawn(settings().title, "", "")


@pages.get("/issues/<closing:closing>/card.png")
@kept
def issue(connection: Connection, closing: date) -> Publication:
    """Return an issue's card: its subject and its dates, or 404."""
    cover = archive.find(connection, closing) or abort(404)
    period = format_period(cover.period, settings().language)
    return _drawn(cover.subject, "" if period in cover.subject else period, cover.begun_at)


def _drawn(title: str, dates: str, changed: str) -> Publication:
    light = settings().brand.palette.light
    content = card(light, workspace().logo, settings().publisher, title, dates)
    return publication(content, _PNG, changed)
