"""Approve and send: who gets what, what changed, the start and its undoing, progress, pause and the end."""

import asyncio
from datetime import date, timedelta

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.model import IssueState, Outcome
from newsletter.registry import OUTBOX
from newsletter.render.values import Data, plain
from newsletter.services import approval, authorship, delivery
from newsletter.services.changes import since_approval, since_earlier_approval, since_last_week
from newsletter.services.journal import Act
from newsletter.services.status import summary
from newsletter.services.test_message import Wanted, send_test, testers
from newsletter.web.desk.access import editor, journal, requires, say, workspace
from newsletter.web.desk.header import how_it_stands, issue_header
from newsletter.web.desk.sending import (
    approved_editions,
    proved_editions,
    shown_changes,
    shown_hours,
    shown_progress,
    shown_segments,
)
from newsletter.web.preview.shown import gathered

pages = Blueprint("send", __name__)

_TO_APPROVE = (approval.MISSING, approval.VOID, IssueState.FREEZING)


@pages.get("/<closing:closing>/send")
@requires(Role.EDITOR)
def show(closing: date) -> str:
    """Show what would be sent and to whom, and what one's role may do about it now."""
    press = workspace()
    stands = how_it_stands(closing)
    shared = {"header": issue_header(closing), "stands": plain(stands)}
    if stands.state == approval.EMPTY:
        return render_template("send_nothing.html", **shared)
    shared |= {
        "last_week": shown_changes(since_last_week(press, closing)),
        "testers": testers(press, editor().address),
        "hours": shown_hours(press, closing),
    }
    if stands.state in _TO_APPROVE:
        return _to_approve(closing, shared)
    return render_template(
        "send.html",
        **shared,
        replaced=plain(since_earlier_approval(press, closing)),
        progress=shown_progress(press, closing),
        editions=approved_editions(press, closing),
        segments=shown_segments(press, closing),
        undo=delivery.UNDO.total_seconds() // 60,
    )


def _to_approve(closing: date, shared: dict[str, object]) -> str:
    press = workspace()
    proof = press.proof(closing)
    last = authorship.last_editor(press, closing)
    return render_template(
        "approve.html",
        **shared,
        editions=proved_editions(proof),
        segments=shown_segments(press),
        readers=sum(readers for _, readers in proof.tally),
        without=proof.without,
        findings=gathered(proof.problems),
        errors=proof.errors,
        silenced=len(proof.silenced),
        changes=shown_changes(since_approval(press, closing)),
        edited_by=last.shown if last else "",
        second_needed=not authorship.may_approve(press, closing, editor().shown),
        outbox=press.settings.transport == OUTBOX,
    )


@pages.post("/<closing:closing>/approve")
@requires(Role.APPROVER)
def approve(closing: date) -> ResponseReturnValue:
    """Freeze the issue as it is now."""
    done = approval.approve(workspace(), closing, editor().shown)
    if done.anew:
        frozen = done.frozen
        journal(Act.APPROVED, issue=frozen.name, fingerprint=frozen.fingerprint, readers=frozen.readers)
        say("Approved for %(readers)d readers.", readers=frozen.readers)
    else:
        say("It was approved already, by %(who)s.", "warning", who=done.frozen.approved_by)
    return _back(closing)


@pages.post("/<closing:closing>/start")
@requires(Role.APPROVER)
def start(closing: date) -> ResponseReturnValue:
    """Start the approved issue, at once or so that the start can still be undone."""
    press = workspace()
    frozen = delivery.approved(press, closing)
    if request.form.get("fingerprint") != frozen.fingerprint:
        say("It was approved again meanwhile. Look at it once more.", "warning")
        return _back(closing)
    ready = delivery.prepare(press, frozen, press.settings.transport)
    window = timedelta() if request.form.get("when") == "now" else delivery.UNDO
    delivery.start(press, ready, window)
    minutes = int(window.total_seconds() // 60)
    journal(Act.STARTED, issue=frozen.name, transport=ready.transport, minutes=minutes)
    if window:
        say(
            "It leaves in %(minutes)d minutes. Until then you can undo it.",
            minutes=minutes,
        )
    else:
        say("It leaves now.")
    return _back(closing)


@pages.post("/<closing:closing>/undo")
@requires(Role.APPROVER)
def undo(closing: date) -> ResponseReturnValue:
    """Undo the start; what has left already stays sent, and the rest is paused."""
    undone = delivery.undo(workspace(), closing.isoformat())
    journal(Act.UNDONE if undone else Act.PAUSED, issue=closing.isoformat())
    if undone:
        say("Undone: nothing was sent, and the approval stands.")
    else:
        say("Some of it had left already, so it is paused.", "warning")
    return _back(closing)


@pages.post("/<closing:closing>/pause")
@requires(Role.APPROVER)
def pause(closing: date) -> ResponseReturnValue:
    """Pause before the next message."""
    delivery.pause(workspace(), closing)
    journal(Act.PAUSED, issue=closing.isoformat())
    say("Paused before the next message.")
    return _back(closing)


@pages.post("/<closing:closing>/resume")
@requires(Role.APPROVER)
def resume(closing: date) -> ResponseReturnValue:
    """Go on after a pause."""
    delivery.resume(workspace(), closing)
    journal(Act.RESUMED, issue=closing.isoformat())
    say("It goes on.")
    return _back(closing)


@pages.get("/<closing:closing>/cancel")
@requires(Role.APPROVER)
def confirm_cancel(closing: date) -> str:
    """Ask before the issue is cancelled for good."""
    found = summary(workspace(), closing.isoformat())
    left = found["pending"] + found[Outcome.DEFERRED]
    return render_template(
        "cancel.html", header=issue_header(closing), left=left, accepted=found[Outcome.ACCEPTED]
    )


@pages.post("/<closing:closing>/cancel")
@requires(Role.APPROVER)
def cancel(closing: date) -> ResponseReturnValue:
    """Cancel the issue for good."""
    delivery.cancel(workspace(), closing)
    journal(Act.CANCELLED, issue=closing.isoformat())
    say("Cancelled: nobody else gets it.")
    return _back(closing)


@pages.post("/<closing:closing>/test")
@requires(Role.EDITOR)
def test(closing: date) -> ResponseReturnValue:
    """Send an edition, rendered from the files as they are now, to an editor."""
    press = workspace()
    allowed = testers(press, editor().address)
    wanted = Wanted(
        address=request.form.get("to", ""),
        edition=request.form.get("edition") or None,
        like=request.form.get("like", "").strip() or None if editor().role.covers(Role.OPERATOR) else None,
        among=allowed,
    )
    edition, receipt = asyncio.run(send_test(press, closing, press.settings.transport, wanted))
    journal(Act.TEST_SENT, issue=closing.isoformat(), edition=edition.key, outcome=receipt.outcome.value)
    if receipt.outcome is Outcome.ACCEPTED:
        say("The test message to %(address)s was accepted.", address=wanted.address)
    else:
        answer = f"{receipt.code or ''} {receipt.detail}".strip() or receipt.outcome.value
        say("The test message was not accepted: %(answer)s", "error", answer=answer)
    return _back(closing)


@pages.get("/<closing:closing>/progress")
@requires(Role.EDITOR)
def progress(closing: date) -> ResponseReturnValue:
    """Return the panel of the progress, for a script that asks again and again; 304 while nothing changed."""
    shown = shown_progress(workspace(), closing)
    answer = make_response(render_template("progress.html", progress=shown, header=Data(closing=closing)))
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-State"] = shown.step
    answer.add_etag()
    return answer.make_conditional(request)


def _back(closing: date) -> ResponseReturnValue:
    return redirect(url_for("send.show", closing=closing), 303)
