"""The board of an issue: inbox, outline in the mail's own order, and the mail as a reader sees it."""

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.checks.editorial import PREHEADER, SUBJECT
from newsletter.config.types import Role
from newsletter.render.values import Data
from newsletter.services import content, inbox
from newsletter.services.editing.files import Desk
from newsletter.services.editing.history import Author
from newsletter.services.editing.items import CLOSED, move, set_lead, shift
from newsletter.services.editing.outline import is_composed, is_there
from newsletter.services.editing.removal import delete, restore
from newsletter.services.editing.words import WORDS, WordsConflict, read_words, save_words, words_in
from newsletter.services.journal import Act
from newsletter.web.desk.access import editor, journal, look_again, may, requires, say, workspace
from newsletter.web.desk.drafts import Draft, drafts
from newsletter.web.desk.header import how_it_stands, issue_header
from newsletter.web.desk.inbox_shown import shown_waiting
from newsletter.web.desk.outline_shown import shown_sections, shown_unplaced
from newsletter.web.desk.view import panel
from newsletter.web.preview.shown import gathered
from newsletter.web.waiting import Bell

pages = Blueprint("board", __name__)

_ACTS = {"lead": Act.ITEM_EDITED, "unlead": Act.ITEM_EDITED}
"""What arranging an item is in the journal, where it is not a move."""

_WAITING = 8
"""Items of the inbox that the board shows."""
_PATIENCE = 4.0
"""Seconds that a board waits for a change, before it is told who is editing what."""


@pages.get("/<closing:closing>")
@requires(Role.EDITOR)
def show(closing: date) -> str:
    """Show the board of an issue; one without files yet is shown for any day on which an issue may close."""
    press = workspace()
    if not is_there(press, closing) and press.settings.closing_day(closing) != closing:
        abort(404)
    return _board(closing)


def _board(closing: date, **values: object) -> str:
    press = workspace()
    mode, moving = mode_of(closing), request.args.get("move", "")
    draft = drafts().of(press, closing)
    outline = draft.outline
    waiting = inbox.waiting(press)
    return render_template(
        "board.html",
        header=issue_header(closing),
        closing=closing,
        stamp=draft.stamp,
        mode=mode,
        sections=shown_sections(outline, closed=mode.closed, moving=moving) if outline else (),
        unplaced=shown_unplaced(outline) if outline else "",
        items=outline.items if outline else 0,
        composed=is_composed(press, closing),
        problems=gathered(draft.faults or (outline.problems if outline else ())),
        view=panel(closing, draft),
        inbox=shown_waiting(press, waiting[:_WAITING]),
        waiting=len(waiting),
        moving=moving,
        undo=request.args.get("undo", ""),
        checks=url_for("check.show", closing=closing) if may("check.show") and not mode.closed else "",
        subject_most=SUBJECT,
        preheader_most=PREHEADER[1],
        **{"words": _words(draft), "theirs": None} | values,
    )


def mode_of(closing: date, *, correcting: bool = False) -> Data:
    """Return whether an issue's files can be edited, and whose approval that would make void.

    Those of a sent issue can where one is `correcting` an item.
    """
    stands = how_it_stands(closing)
    closed = stands.state in CLOSED
    return Data(
        closed=closed and not correcting,
        correcting=closed and correcting,
        approved=stands.state == "approved",
        by=stands.by,
        corrects=may("correct.show"),
    )


def _words(draft: Draft) -> Data:
    folder = draft.outline.folder if draft.outline else None
    return Data(**(words_in(folder, workspace()) if folder else dict.fromkeys(WORDS, "")))


def desk() -> Desk:
    """Return the workspace, and the person at the desk as the author of what is saved."""
    person = editor()
    return Desk(workspace(), Author(person.name or person.address, person.address))


@pages.post("/<closing:closing>/words")
@requires(Role.EDITOR)
def words(closing: date) -> ResponseReturnValue:
    """Save subject, preheader, introduction and closing call."""
    typed = {name: request.form[name] for name in WORDS if name in request.form}
    before = {name: request.form.get(f"was_{name}", "") for name in typed}
    done = save_words(desk(), closing, before, typed)
    if isinstance(done, WordsConflict):
        now = read_words(workspace(), closing)
        return _board(closing, words=Data(**{**now, **typed}), theirs=Data(**{**now, **done.theirs})), 409
    note(done.unrecorded)
    journal(Act.ISSUE_EDITED, issue=closing.isoformat())
    return _back(closing, "words")


@pages.post("/<closing:closing>/arrange")
@requires(Role.EDITOR)
def arrange(closing: date) -> ResponseReturnValue:
    """Move an item up, down, or to a place in a section; make it the lead; delete it or put it back."""
    form, own = request.form, desk()
    act = next((act for act in ("item", "up", "down", "lead", "unlead", "delete") if form.get(act)), "")
    name = form.get(act, "")
    match act:
        case "item":
            move(own, closing, name, form.get("section", ""), form.get("position", type=int))
        case "up" | "down":
            shift(own, closing, name, -1 if act == "up" else 1)
        case "lead" | "unlead":
            set_lead(own, closing, name, lead=act == "lead")
        case "delete":
            gone = delete(own, closing, name)
            journal(Act.ITEM_REMOVED, issue=closing.isoformat(), subject=name)
            return redirect(url_for("board.show", closing=closing, undo=gone), 303)
        case _:
            abort(400)
    journal(_ACTS.get(act, Act.ITEM_MOVED), issue=closing.isoformat(), subject=name)
    return _back(closing, f"item-{name}")


@pages.post("/restore")
@requires(Role.EDITOR)
def put_back() -> ResponseReturnValue:
    """Put back what was deleted or dismissed."""
    found = restore(desk(), request.form.get("name", ""))
    if found is None:
        return redirect(url_for("inbox.show"))
    journal(Act.ITEM_ADDED, issue=found[0].isoformat(), subject=found[1])
    return _back(found[0], f"item-{found[1]}")


@pages.post("/<closing:closing>/compose")
@requires(Role.EDITOR)
def compose(closing: date) -> ResponseReturnValue:
    """Add the items that issue.yaml does not list."""
    content.compose(workspace(), closing)
    journal(Act.ISSUE_EDITED, issue=closing.isoformat())
    return _back(closing)


@pages.get("/<closing:closing>/stamp")
@requires(Role.EDITOR)
def stamp(closing: date) -> Mapping[str, object]:
    """Return the fingerprint of the issue's files, and who is editing which item.

    The answer waits until the fingerprint is another than `at`, or for a while.
    """
    if shown := request.args.get("at"):
        bell: Bell = current_app.extensions["bell"]
        bell.wait(lambda: drafts().stamp(look_again(), closing) != shown, _PATIENCE)
    return {
        "stamp": drafts().stamp(workspace(), closing),
        "here": drafts().presence.all(),
    }


def note(unrecorded: str) -> None:
    """Say that a save is not in the history of versions, and why."""
    if unrecorded:
        say("Saved, but not in the history of versions: %(why)s", "warning", why=unrecorded)


def _back(closing: date, place: str = "") -> ResponseReturnValue:
    return redirect(url_for("board.show", closing=closing, _anchor=place or None), 303)
