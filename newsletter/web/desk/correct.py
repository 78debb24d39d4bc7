"""Correct a sent issue: which items differ from what was sent, the change of one, and the letter about it."""

from datetime import date, timedelta

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.errors import StateError
from newsletter.i18n import said
from newsletter.names import read_name
from newsletter.render.values import plain
from newsletter.services import correct as service
from newsletter.services import delivery
from newsletter.services.editing.items import CLOSED
from newsletter.services.journal import Act
from newsletter.services.status import summary
from newsletter.web.desk.access import editor, journal, requires, say, workspace
from newsletter.web.desk.header import issue_header

pages = Blueprint("correct", __name__)

_MOVES = {
    "pause": (delivery.pause, Act.PAUSED),
    "resume": (delivery.resume, Act.RESUMED),
    "cancel": (delivery.cancel, Act.CANCELLED),
}


@pages.get("/<closing:closing>/correct")
@requires(Role.APPROVER)
def show(closing: date) -> str:
    """List the items of a sent issue, with what differs from it and what was corrected."""
    header = issue_header(closing)
    try:
        items = service.overview(workspace(), closing)
    except StateError as error:
        why, cure = said(error.message, g.language), said(error.hint, g.language)
        return render_template(
            "correct_nothing.html", header=header, old=header.state in CLOSED, why=why, cure=cure
        )
    return render_template("correct.html", header=header, items=tuple(map(plain, items)))


@pages.get("/<closing:closing>/correct/<item>")
@requires(Role.APPROVER)
def one(closing: date, item: str) -> str:
    """Show what changed in an item since it was sent, who has it as it was, and its letter."""
    state = _state(closing, item)
    draft = service.examine(workspace(), closing, item, withdraw=state.changed is None)
    name = _letter(state)
    letter = summary(workspace(), name) if name else None
    return render_template(
        "correct_item.html",
        header=issue_header(closing),
        item=plain(state),
        parts=plain(draft.parts),
        had=draft.had,
        waiting=draft.waiting,
        letter=plain(letter),
        told=bool(name) and state.made[-1].letter == name,
        undo=delivery.UNDO.total_seconds() // 60,
    )


def _state(closing: date, item: str) -> service.State:
    """Return an item of the issue, or abort with 404."""
    found = service.overview(workspace(), closing)
    return next((state for state in found if state.id == item), None) or abort(404)


def _letter(state: service.State) -> str:
    """Return the name of the last letter about an item, or an empty string."""
    return next((made.letter for made in reversed(state.made) if made.letter), "")


@pages.post("/<closing:closing>/correct/<item>")
@requires(Role.APPROVER)
def correct(closing: date, item: str) -> ResponseReturnValue:
    """Show the change in the archive, or take the item back; and make the letter, where it is wanted."""
    press, form = workspace(), request.form
    draft = service.examine(press, closing, item, withdraw=form.get("do") == "withdraw")
    made = service.correct(press, draft, by=editor().shown, reason=form.get("reason", ""))
    journal(Act.CORRECTED, issue=made.issue, subject=item, withdrawn=int(made.withdrawn))
    say("The archive shows it now.")
    return letter(closing, item) if form.get("letter") else _back(closing, item)


@pages.post("/<closing:closing>/correct/<item>/letter")
@requires(Role.APPROVER)
def letter(closing: date, item: str) -> ResponseReturnValue:
    """Approve a letter about the last correction, to those who have the item as it was."""
    press = workspace()
    frozen = service.letter(press, closing, item, by=editor().shown)
    journal(Act.APPROVED, issue=frozen.name, fingerprint=frozen.fingerprint, readers=frozen.readers)
    say("The letter is approved for %(readers)d readers.", readers=frozen.readers)
    return _back(closing, item)


@pages.post("/<closing:closing>/correct/<item>/start")
@requires(Role.APPROVER)
def start(closing: date, item: str) -> ResponseReturnValue:
    """Start the letter, so that the start can still be undone."""
    press = workspace()
    name = _letter(_state(closing, item)) or abort(404)
    ready = delivery.prepare(press, delivery.approved(press, read_name(name)), press.settings.transport)
    delivery.start(press, ready, delivery.UNDO)
    minutes = int(delivery.UNDO / timedelta(minutes=1))
    journal(Act.STARTED, issue=name, transport=ready.transport, minutes=minutes)
    say("It leaves in %(minutes)d minutes. Until then you can undo it.", minutes=minutes)
    return _back(closing, item)


@pages.post("/<closing:closing>/correct/<item>/move")
@requires(Role.APPROVER)
def move(closing: date, item: str) -> ResponseReturnValue:
    """Undo the start of the letter, pause it, continue it, or cancel it for good."""
    press, name = workspace(), _letter(_state(closing, item)) or abort(404)
    do = request.form.get("do", "")
    if do == "undo":
        undone = delivery.undo(press, name)
        journal(Act.UNDONE if undone else Act.PAUSED, issue=name)
    elif do in _MOVES:
        act, told = _MOVES[do]
        act(press, read_name(name))
        journal(told, issue=name)
    return _back(closing, item)


def _back(closing: date, item: str) -> ResponseReturnValue:
    return redirect(url_for("correct.one", closing=closing, item=item), 303)
