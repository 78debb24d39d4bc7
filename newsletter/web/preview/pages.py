"""Views of the preview: an issue's editions, one edition as readers see it, and its raw message."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from html import escape
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from newsletter.checks.clients import tables, unknown
from newsletter.compose.issuefile import closings
from newsletter.errors import Problem
from newsletter.render.values import Function, plain
from newsletter.services.screenshot import WIDTHS as WIDTHS_OF_PICTURES
from newsletter.services.screenshot import screenshot
from newsletter.services.spam import spam_verdict
from newsletter.web.app import download
from newsletter.web.mail import POLICY
from newsletter.web.preview.choice import Choice, choose
from newsletter.web.preview.letter import EXAMPLE, Letter, shown, without_pictures
from newsletter.web.preview.proofs import Proofs, Snapshot
from newsletter.web.preview.reload import Watch
from newsletter.web.preview.shown import (
    gathered,
    shown_choice,
    shown_features,
    shown_issues,
    shown_letter,
    shown_sheet,
    shown_snapshot,
    shown_view,
)
from newsletter.web.preview.view import PARTS, SCHEMES, WIDTHS, View, read
from newsletter.web.templates import shown_settings

pages = Blueprint("preview", __name__)

_PATIENCE = 20.0
"""Seconds until a long-poll request for changes is answered."""


@pages.get("/")
def newest() -> Answer:
    """Redirect to the newest issue."""
    closing = _proofs().workspace.closing(None)
    return redirect(url_for("preview.issue", closing=closing, **_view().query()))


@pages.get("/<closing:closing>")
def issue(closing: date) -> str:
    """Show the editions and the findings of an issue."""
    return _issue(_proofs().of(closing))


@pages.get("/<closing:closing>/edition")
def edition(closing: date) -> str | tuple[str, int]:
    """Show one edition as mail programs will show it."""
    snapshot = _proofs().of(closing)
    choice = choose(snapshot, _view())
    if choice is None:
        return _issue(snapshot, missing=True), 404
    return _page(
        "edition.html",
        snapshot,
        choice=shown_choice(choice),
        letter=shown_letter(choice.letter),
        widths=WIDTHS,
        schemes=SCHEMES,
        parts_of_mail=PARTS,
        example=EXAMPLE,
        exports=tuple(WIDTHS_OF_PICTURES),
    )


@pages.get("/<closing:closing>/programs")
def programs(closing: date) -> str | tuple[str, int]:
    """Show which mail programs do not know what an edition uses, and SpamAssassin's verdict if asked for."""
    snapshot = _proofs().of(closing)
    choice = choose(snapshot, _view())
    if choice is None or choice.letter is None:
        return _issue(snapshot, missing=True), 404
    letter = choice.letter
    verdict = spam_verdict(letter.content) if "spam" in request.args else None
    return _page(
        "programs.html",
        snapshot,
        choice=shown_choice(choice),
        features=shown_features(unknown(letter.html)),
        tables_date=tables().date,
        verdict=plain(verdict) if verdict else None,
    )


@pages.get("/<closing:closing>/letter.html")
def html(closing: date) -> Response:
    """Return the HTML part, shown in the frame."""
    _, letter = _written(closing)
    address = partial(url_for, "preview.picture", closing=closing, **_view().query())
    page = letter.page(_proofs().workspace.settings.base_url, lambda name: escape(address(name=name)))
    if _view().pictures == "off":
        page = without_pictures(page)
    response = Response(shown(page, "dark" if _view().scheme == "dark" else "light"))
    response.headers["Content-Security-Policy"] = POLICY
    return response


@pages.get("/<closing:closing>/pictures/<name>")
def picture(closing: date, name: str) -> Response:
    """Return a picture of the edition that is shown."""
    _, letter = _written(closing)
    found = next((image for image in letter.pictures if image.name == name), None) or abort(404)
    return Response(found.content, mimetype=found.media_type)


@pages.get("/<closing:closing>/letter.eml")
def message(closing: date) -> Response:
    """Return the whole message as an .eml file, byte for byte as it would be sent."""
    choice, letter = _written(closing)
    return download(letter.content, "message/rfc822", f"{closing}-{choice.sheet.edition.key}.eml")


@pages.get("/<closing:closing>/letter-<any(phone, desktop):size>.png")
def exported_picture(closing: date, size: str) -> Response:
    """Return a picture of the edition on a phone or a desktop, for a report or a colleague."""
    choice, letter = _written(closing)
    html = shown(letter.alone, "dark" if _view().scheme == "dark" else "light")
    content = screenshot(html, WIDTHS_OF_PICTURES[size])
    return download(content, "image/png", f"{closing}-{choice.sheet.edition.key}-{size}.png")


@pages.get("/<closing:closing>/copy.html")
def copy(closing: date) -> Response:
    """Return the HTML as one file with its pictures, which a colleague can open without the preview."""
    choice, letter = _written(closing)
    return download(letter.alone.encode(), "text/html", f"{closing}-{choice.sheet.edition.key}.html")


@pages.get("/changes", defaults={"closing": None})
@pages.get("/<closing:closing>/changes")
def changes(closing: date | None) -> dict[str, bool]:
    """Long poll: answer when the files differ from the fingerprint `since`, or after a timeout."""
    proofs, since = _proofs(), request.args.get("since", "")
    watch: Watch = current_app.extensions["watch"]
    return {"changed": watch.wait(lambda: proofs.stamp(closing) != since, _PATIENCE)}


@pages.before_request
def remember_stamp() -> None:
    """Take the fingerprint of the files before reading them, so that no later change is missed."""
    g.stamp = _proofs().stamp((request.view_args or {}).get("closing"))


def trouble(problems: Sequence[Problem]) -> str:
    """Return the page that lists `problems` when the issue cannot be shown."""
    return _page("trouble.html", None, problems=gathered(problems))


def _proofs() -> Proofs:
    proofs: Proofs = current_app.extensions["proofs"]
    return proofs


def _view() -> View:
    return read(request.args, _proofs().workspace.settings.languages)


def _written(closing: date) -> tuple[Choice, Letter]:
    choice = choose(_proofs().of(closing), _view())
    letter = choice.letter if choice else None
    if choice is None or letter is None:
        abort(404)
    return choice, letter


def _issue(snapshot: Snapshot, *, missing: bool = False) -> str:
    tally = snapshot.proof.tally
    sheets = [
        (shown_sheet(snapshot.sheet(edition), snapshot.names[edition.key]), readers)
        for edition, readers in tally
    ]
    return _page("issue.html", snapshot, sheets=sheets, missing=missing)


def _page(template: str, snapshot: Snapshot | None, **values: Any) -> str:
    workspace, view, place = _proofs().workspace, _view(), request.view_args or {}

    def here(**changes: Any) -> str:
        return url_for(request.endpoint or "preview.newest", **place, **view.query(**changes))

    return render_template(
        template,
        proof=shown_snapshot(snapshot) if snapshot else None,
        settings=shown_settings(workspace.settings),
        closing=place.get("closing"),
        issues=shown_issues(closings(workspace.root), workspace.settings),
        view=shown_view(view),
        here=Function(here),
        language=g.language,
        waiting=url_for("preview.changes", since=g.stamp, **place),
        **values,
    )
