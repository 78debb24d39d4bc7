"""The editions of an issue: all, any choice, where the bytes go, and what mail programs make of one."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.checks.clients import tables, unknown
from newsletter.checks.weight import weights
from newsletter.config.types import Role
from newsletter.errors import ConfigError
from newsletter.render.values import Data, plain
from newsletter.services.journal import Act
from newsletter.services.screenshot import WIDTHS, screenshot
from newsletter.services.spam import spam_verdict
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.web.app import download
from newsletter.web.desk.access import editor, journal, requires, say, workspace
from newsletter.web.desk.drafts import drafts
from newsletter.web.desk.header import issue_header
from newsletter.web.desk.view import chosen, panel, place
from newsletter.web.preview.choice import Choice
from newsletter.web.preview.letter import Letter, shown
from newsletter.web.preview.proofs import Snapshot
from newsletter.web.preview.shown import shown_features

pages = Blueprint("editions", __name__)

_MOST = 60
"""Editions of which the table shows the size, those with most readers first: each has to be rendered."""


@pages.get("/<closing:closing>/editions")
@requires(Role.EDITOR)
def show(closing: date) -> str:
    """Show every edition with its readers and size, and one of them closely."""
    draft = drafts().of(workspace(), closing)
    snapshot = draft.snapshot
    if snapshot is None:
        abort(404)
    choice = chosen(draft)
    letter = choice.letter if choice else None
    verdict = _verdict(letter) if letter and "spam" in request.args else None
    return render_template(
        "editions.html",
        header=issue_header(closing),
        closing=closing,
        view=panel(closing, draft),
        editions=_matrix(snapshot, closing),
        more=max(0, len(snapshot.proof.tally) - _MOST),
        without=snapshot.proof.without,
        titles=" · ".join(block.section.title for block in choice.sheet.edition.blocks) if choice else "",
        readers=choice.readers if choice else 0,
        chosen=request.args.getlist("sections"),
        weights=tuple(map(plain, weights(letter.html, choice.sheet.edition))) if choice and letter else (),
        features=shown_features(unknown(letter.html)) if letter else (),
        tables_date=tables().date,
        verdict=plain(verdict) if verdict else None,
        taking=_taking(closing) if letter else (),
        spam=url_for("editions.show", closing=closing, spam=1, **place()) + "#programs",
        picks_readers=editor().role.covers(Role.OPERATOR),
    )


def _matrix(snapshot: Snapshot, closing: date) -> list[Data]:
    names, rows = snapshot.names, []
    for edition, readers in snapshot.proof.tally[:_MOST]:
        sheet = snapshot.sheet(edition)
        rows.append(
            Data(
                address=url_for("editions.show", closing=closing, edition=names[edition.key]),
                titles=" · ".join(block.section.title for block in edition.blocks),
                items=len(edition.items),
                readers=readers,
                size=len(sheet.page.html.encode()) if sheet.page else 0,
                errors=sum(problem.severity == "error" for problem in sheet.problems),
                warnings=sum(problem.severity == "warning" for problem in sheet.problems),
            )
        )
    return rows


def _verdict(letter: Letter) -> Any:
    try:
        return spam_verdict(letter.content)
    except ConfigError as error:
        say(f"{error.message}. {error.hint}", "error")
        return None


def _taking(closing: date) -> tuple[Data, ...]:
    """Return how an edition can be taken along, each with its address."""
    found = [
        Data(name="eml", address=url_for("view.message", closing=closing, **place())),
        Data(name="html", address=url_for("editions.copy", closing=closing, **place())),
    ]
    found += [
        Data(name=size, address=url_for("editions.picture", closing=closing, size=size, **place()))
        for size in WIDTHS
    ]
    return tuple(found)


@pages.post("/<closing:closing>/editions/reader")
@requires(Role.OPERATOR)
def find_reader(closing: date) -> ResponseReturnValue:
    """Lead to the edition of the reader with an address, which stays out of the page's own address."""
    with reading(workspace().readable) as connection:
        found = people.reader(connection, request.form.get("address", "").strip())
    if found is None:
        say("Nobody with this address gets mail.", "error")
        return redirect(url_for("editions.show", closing=closing), 303)
    journal(Act.READER_SEEN, issue=closing.isoformat(), subject=str(found.id))
    return redirect(url_for("editions.show", closing=closing, reader=found.id), 303)


@pages.get("/<closing:closing>/copy.html")
@requires(Role.EDITOR)
def copy(closing: date) -> Response:
    """Return the edition as one file with its pictures, for a colleague."""
    choice, letter = _written(closing)
    return download(letter.alone.encode(), "text/html", f"{closing}-{choice.sheet.edition.key}.html")


@pages.get("/<closing:closing>/letter-<size>.png")
@requires(Role.EDITOR)
def picture(closing: date, size: str) -> ResponseReturnValue:
    """Return a picture of the edition on a phone or a desktop."""
    width = WIDTHS.get(size) or abort(404)
    choice, letter = _written(closing)
    scheme = "dark" if request.args.get("scheme") == "dark" else "light"
    try:
        content = screenshot(shown(letter.alone, scheme), width)
    except ConfigError as error:
        say(f"{error.message}. {error.hint}", "error")
        return redirect(url_for("editions.show", closing=closing, **place()), 303)
    return download(content, "image/png", f"{closing}-{choice.sheet.edition.key}-{size}.png")


def _written(closing: date) -> tuple[Choice, Letter]:
    choice = chosen(drafts().of(workspace(), closing))
    letter = choice.letter if choice else None
    if choice is None or letter is None:
        abort(404)
    return choice, letter
