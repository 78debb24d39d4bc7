"""Pictures of issues and the logo: their names are hashes, the same for everybody, and cached for ever."""

from flask import Blueprint, Response, abort, request

from newsletter.store import pictures as stored
from newsletter.store.db import reading
from newsletter.web.readers.site import database, workspace

pages = Blueprint("pictures", __name__)

_YEAR = 31_536_000  # seconds


@pages.get("/pictures/<name>")
def picture(name: str) -> Response:
    """Return a picture of an approved issue, or the logo; 404 when neither has this name."""
    with reading(database()) as connection:
        media_type, content = stored.find(connection, name) or _logo(name) or abort(404)
    response = Response(content, mimetype=media_type)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # web mail and feed readers show it
    response.set_etag(name.partition(".")[0])
    response.make_conditional(request)
    return response


def _logo(name: str) -> tuple[str, bytes] | None:
    logo = workspace().logo
    return (logo.media_type, logo.content) if logo and logo.name == name else None
