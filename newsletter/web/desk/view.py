"""The reader's view beside an issue's pages: a real edition, or one item of it, as mail programs show it."""

from dataclasses import replace
from datetime import date
from functools import partial
from html import escape
from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from newsletter.checks.weight import CLIPPED
from newsletter.config.types import Role
from newsletter.errors import ConfigError, NewsletterError, Problem
from newsletter.model import Item
from newsletter.render.values import Data, Function
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.web.app import download
from newsletter.web.desk.access import editor, requires, workspace
from newsletter.web.desk.drafts import Draft, drafts, key_of, sheet_of
from newsletter.web.mail import POLICY
from newsletter.web.preview.choice import Choice, choose
from newsletter.web.preview.letter import Letter, shown, without_pictures
from newsletter.web.preview.proofs import Sheet, Snapshot
from newsletter.web.preview.shown import gathered
from newsletter.web.preview.view import SCHEMES, WIDTHS, View, read

pages = Blueprint("view", __name__)

_PARTS = ("html", "text")
_PAGES = {"item.look": "item.show", "item.look_new": "item.new"}
"""The pages that show a panel, by the endpoints that tell a script what is in it."""
_MOST = 40
"""Editions that the picker offers, those with most readers first."""


@pages.get("/<closing:closing>/letter.html")
@requires(Role.EDITOR)
def html(closing: date) -> Response:
    """Return the HTML part for the frame; without pictures, as a mail program that blocks them shows it."""
    view = _view()
    letter = _letter(closing)
    address = partial(url_for, "view.picture", closing=closing, **_place(view))
    page = letter.page(workspace().settings.base_url, lambda name: escape(address(name=name)))
    if view.pictures == "off":
        page = without_pictures(page)
    response = Response(shown(page, "dark" if view.scheme == "dark" else "light"))
    response.headers["Content-Security-Policy"] = POLICY
    return response


@pages.get("/<closing:closing>/letter.eml")
@requires(Role.EDITOR)
def message(closing: date) -> Response:
    """Return the whole message as an .eml file, byte for byte as it would be sent."""
    return download(_letter(closing).content, "message/rfc822", f"{closing}.eml")


@pages.get("/<closing:closing>/letter/<name>")
@requires(Role.EDITOR)
def picture(closing: date, name: str) -> Response:
    """Return a picture of the edition that is shown."""
    found = next((image for image in _letter(closing).pictures if image.name == name), None) or abort(404)
    return Response(found.content, mimetype=found.media_type)


def panel(closing: date, draft: Draft, item: str = "", typed: Item | None = None) -> Data:
    """Return what `view_panel.html` shows: an edition, or `item` alone; its faults where it cannot be.

    The item is shown as it was saved, or as it is being `typed`.
    """
    view = _view()
    if draft.snapshot is None:
        return Data(view=_shown_view(view), letter=None, faults=(), editions=(), item=item)
    try:
        choice = _choice(draft, view, item, typed)
        letter = choice.letter if choice else None
    except NewsletterError as error:  # the theme, a key or the logo
        several = error.problems if isinstance(error, ConfigError) else ()
        faults = gathered(several or [Problem.error(error.message, hint=error.hint)])
        return Data(view=_shown_view(view), letter=None, faults=faults, editions=(), item=item)
    sheet = choice.sheet if choice else None
    page = sheet.page if sheet else None
    return Data(
        view=_shown_view(view),
        item=item,
        editions=tuple(_editions(draft.snapshot)),
        page=url_for("editions.show" if request.blueprint == "editions" else "board.show", closing=closing),
        readers=choice.readers if choice else 0,
        faults=gathered(sheet.problems) if sheet and page is None else (),
        letter=_shown_letter(letter, len(page.html.encode())) if letter and page else None,
        frame=url_for("view.html", closing=closing, at=draft.stamp, **_place(view, item, sheet)),
        message=url_for("view.message", closing=closing, **_place(view, item, sheet)),
        part=_part(view),
        widths=WIDTHS,
        schemes=SCHEMES,
    )


def _shown_letter(letter: Letter, size: int) -> Data:
    return Data(
        text=letter.text,
        opening=letter.opening,
        sha256=letter.sha256,
        size=size,
        whole=len(letter.content),
        share=min(100, round(100 * size / CLIPPED)),
        clipped=size >= CLIPPED,
    )


def _shown_view(view: View) -> Data:
    """Return the view, with a function that gives the query of this page with another choice in it."""

    def other(**changes: Any) -> str:
        endpoint = request.endpoint or "board.show"
        page = _PAGES.get(endpoint, endpoint)
        return url_for(page, **(request.view_args or {}), **view.query(**changes))

    return Data(
        edition=view.edition,
        width=view.width,
        scheme=view.scheme,
        pictures=view.pictures,
        other=Function(other),
    )


def _editions(snapshot: Snapshot) -> list[Data]:
    names, everything = snapshot.names, len(snapshot.proof.issue.blocks)
    return [
        Data(
            name=names[edition.key],
            whole=len(edition.blocks) == everything,
            titles=" · ".join(block.section.title for block in edition.blocks),
            readers=readers,
        )
        for edition, readers in snapshot.proof.tally[:_MOST]
    ]


def chosen(draft: Draft) -> Choice | None:
    """Return the edition that this request asks for: a named one, a choice of sections, or a reader's own."""
    return _choice(draft, _view(), request.args.get("item", ""))


def _choice(draft: Draft, view: View, item: str, typed: Item | None = None) -> Choice | None:
    snapshot = draft.snapshot
    if snapshot is None:
        return None
    if not item:
        known = view.edition in snapshot.names.values()
        asked = view if known else replace(view, edition="")
        return choose(snapshot, replace(asked, reader=_address(view.reader)) if view.reader else asked)
    sheet = snapshot.remembered(key_of(item, request.args.get("typed", "")))
    if typed or sheet is None:
        saved = (one for block in snapshot.proof.issue.blocks for one in block.items if one.id == item)
        one = typed or next(saved, None)
        sheet = sheet_of(draft, one) if one else None
    return Choice(snapshot=snapshot, sheet=sheet, reader=None, number=0) if sheet else None


def _letter(closing: date) -> Letter:
    choice = chosen(drafts().of(workspace(), closing))
    return (choice.letter if choice else None) or abort(404)


def _view() -> View:
    return replace(read(request.args, workspace().settings.languages), lang="")


def _address(number: str) -> str:
    """Return the address of the reader with a number, for people who may see readers' data."""
    if not editor().role.covers(Role.OPERATOR):
        abort(403)
    with reading(workspace().readable) as connection:
        found = people.get(connection, int(number)) if number.isdecimal() else None
    return found.email if found else abort(404)


def _part(view: View) -> str:
    return view.part if view.part in _PARTS else _PARTS[0]


def place() -> dict[str, Any]:
    """Return the query of this request's edition, as it is shown."""
    return _place(_view())


def _place(view: View, item: str = "", sheet: Sheet | None = None) -> dict[str, Any]:
    """Return the query that names what is shown, in which scheme and with which pictures."""
    asked = {name: request.args[name] for name in ("item", "typed") if request.args.get(name)}
    if item and sheet:
        asked = {"item": item, "typed": sheet.edition.key.split()[1]}
    return {**view.query(width=WIDTHS[0], part="both"), **asked}
