"""What the page behind an item's link offers: shown in the form, and its picture taken when it is saved."""

from dataclasses import replace
from datetime import date

from flask import Blueprint, Response, abort, current_app, request, url_for

from newsletter.config.types import Role
from newsletter.errors import ContentError, Problem
from newsletter.fetching import Fetcher
from newsletter.pictures.prepare import Prepared, prepare
from newsletter.render.values import Data
from newsletter.services.collect.offers import offer, offered
from newsletter.services.editing.fields import ItemFields, known_picture
from newsletter.services.editing.pictures import take_picture
from newsletter.web.desk.access import requires, workspace
from newsletter.web.desk.board import desk
from newsletter.web.preview.shown import gathered

pages = Blueprint("offered", __name__)

NOTHING = Data(picture="", token="", faults=(), known=False)


@pages.get("/<closing:closing>/offered/<token>")
@requires(Role.EDITOR)
def picture(closing: date, token: str) -> Response:  # noqa: ARG001  below the issue, whose form shows it
    """Return a picture that is offered, as it would be sent."""
    try:
        file = offered(workspace(), token)
    except ContentError:
        abort(404)
    made = prepare([file], workspace().var / "pictures")[file]
    if not isinstance(made, Prepared):
        abort(404)
    return Response(made.image.content, mimetype=made.image.media_type)


def waiting(text: str, path: str) -> Data:
    """Return what is shown before anybody has looked: whether a picture of the page is known."""
    return Data(picture="", token="", faults=(), known=bool(known_picture(text, path)[0]))


def looked_at(closing: date, typed: ItemFields, text: str, path: str) -> tuple[ItemFields, Data]:
    """Look at the page behind the link; return the fields with what was empty filled in, and the offer."""
    url, alt = known_picture(text, path)
    make = current_app.extensions.get("fetcher", Fetcher)
    try:
        found = offer(workspace(), typed.link, picture=url, alt=alt, fetcher=make)
    except ContentError as error:
        return typed, Data(picture="", token="", faults=gathered(error.problems), known=bool(url))
    filled = replace(
        typed,
        title=typed.title or found.title,
        text=typed.text or found.text,
        date=typed.date or found.date,
        alt=typed.alt or found.alt,
    )
    faults = found.refused.problems if found.refused else ()
    nothing = [Problem.warning("the page shows no picture")] if not (found.picture or faults) else ()
    return filled, Data(
        picture=url_for("offered.picture", closing=closing, token=found.picture) if found.picture else "",
        token=found.picture,
        faults=gathered([*faults, *nothing]),
        known=False,
    )


def with_offered(closing: date, typed: ItemFields) -> ItemFields:
    """Take the offered picture, if the form says so. Raises ContentError."""
    token = request.form.get("take", "")
    if not token:
        return typed
    content = offered(workspace(), token).read_bytes()
    return replace(typed, file=take_picture(desk(), closing, content, f"{typed.title}.img"))
