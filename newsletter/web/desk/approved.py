"""An edition as it was approved, opened by itself: the very bytes that are sent, with links of no reader."""

from datetime import date
from html import escape

from flask import Blueprint, Response, abort, url_for

from newsletter.config.types import Role
from newsletter.services.approval import approved_edition
from newsletter.web.desk.access import requires, workspace
from newsletter.web.mail import POLICY
from newsletter.web.preview.letter import Letter, write_letter

pages = Blueprint("approved", __name__)


@pages.get("/<closing:closing>/approved/<edition>")
@requires(Role.EDITOR)
def show(closing: date, edition: str) -> Response:
    """Return the HTML part of an approved edition."""

    def address(name: str) -> str:
        return escape(url_for("approved.picture", closing=closing, edition=edition, name=name))

    page = _letter(closing, edition).page(workspace().settings.base_url, address)
    return Response(page, headers={"Content-Security-Policy": POLICY})


@pages.get("/<closing:closing>/approved/<edition>/<name>")
@requires(Role.EDITOR)
def picture(closing: date, edition: str, name: str) -> Response:
    """Return a picture of an approved edition."""
    shown = _letter(closing, edition).pictures
    found = next((image for image in shown if image.name == name), None) or abort(404)
    return Response(found.content, mimetype=found.media_type)


def _letter(closing: date, edition: str) -> Letter:
    press = workspace()
    page, envelope = approved_edition(press, closing.isoformat(), edition) or abort(404)
    return write_letter(page, envelope, press.signer, press.now())
