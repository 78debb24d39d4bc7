"""Who got an issue, searched and in pages; deliveries of unknown outcome, settled by hand or by a log."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.files import atomic_write
from newsletter.render.values import Data
from newsletter.services import reconcile
from newsletter.services.journal import Act
from newsletter.services.recipients import STATES, Question, recipients
from newsletter.web.desk.access import journal, requires, say, workspace
from newsletter.web.desk.header import issue_header
from newsletter.web.desk.sending import approved_editions

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage

pages = Blueprint("recipients", __name__)

_LOG = "relay.log"


@pages.get("/<closing:closing>/recipients")
@requires(Role.APPROVER)
def show(closing: date) -> str:
    """Show the readers of an approved issue, those that were asked for."""
    press = workspace()
    state = request.args.get("state", "")
    asked = Question(
        words=request.args.get("words", ""),
        state=state if state in STATES else "",
        edition=request.args.get("edition", ""),
        after=request.args.get("after", 0, type=int),
    )
    found = recipients(press, closing.isoformat(), asked)
    journal(Act.READERS_SEEN, issue=closing.isoformat(), found=found.found, shown=len(found.people))
    editions = approved_editions(press, closing)
    names = {one.key: one for one in editions}
    return render_template(
        "recipients.html",
        header=issue_header(closing),
        asked=Data(words=asked.words, state=asked.state, edition=asked.edition, after=asked.after),
        states=STATES,
        editions=editions,
        found=found.found,
        next=found.next,
        people=[
            Data(
                name=one.name,
                email=one.member.email,
                edition=names.get(one.member.edition),
                state=one.member.state or "pending",
                code=one.member.code,
                detail=one.member.detail,
                at=one.member.at,
            )
            for one in found.people
        ],
    )


@pages.get("/<closing:closing>/unknown")
@requires(Role.APPROVER)
def unknown(closing: date) -> str:
    """Show the deliveries whose answer was lost, and the ways to find out about them."""
    nothing = reconcile.examine(workspace(), closing, reconcile.Sources())
    left = reconcile.settle(workspace(), nothing).unknown
    if left:
        journal(Act.READERS_SEEN, issue=closing.isoformat(), shown=len(left))
    return render_template(
        "unknown.html",
        header=issue_header(closing),
        people=[Data(email=one.email, message_id=one.message_id, at=one.at) for one in left],
    )


@pages.post("/<closing:closing>/unknown")
@requires(Role.APPROVER)
def settle(closing: date) -> ResponseReturnValue:
    """Settle unknown deliveries: those that were ticked, or those that a relay's log knows."""
    ticked = tuple(request.form.getlist("address"))
    with _uploaded(request.files.get("log")) as log:
        sources = reconcile.Sources(
            log=log,
            accepted=ticked if request.form.get("what") == "accepted" else (),
            resend=ticked if request.form.get("what") == "resend" else (),
            resend_absent=log is not None and "absent" in request.form,
        )
        done = reconcile.settle(workspace(), reconcile.examine(workspace(), closing, sources))
    journal(Act.RECONCILED, issue=closing.isoformat(), settled=done.settled, resent=done.resent)
    say(
        "Settled: %(settled)d; to be sent again: %(resent)d; still unknown: %(left)d.",
        settled=done.settled,
        resent=done.resent,
        left=len(done.unknown),
    )
    page = "recipients.unknown" if done.unknown else "send.show"
    return redirect(url_for(page, closing=closing), 303)


@contextmanager
def _uploaded(file: "FileStorage | None") -> Iterator[Path | None]:
    """Keep an uploaded log in a file while it is read, compressed if it is so; None if there is none."""
    if file is None or not file.filename:
        yield None
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / (f"{_LOG}.gz" if file.filename.endswith(".gz") else _LOG)
        atomic_write(path, file.stream.read())
        yield path
