"""Where one is signed in, and ending it there; an operator sees and ends everybody's sessions."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.render.values import Data
from newsletter.services import sign_in
from newsletter.services.journal import Act
from newsletter.store.sign_ins import Session
from newsletter.web.desk.access import editor, journal, requires, say, workspace

pages = Blueprint("sessions", __name__)


@pages.get("/sessions")
@requires(Role.EDITOR)
def show() -> str:
    """List the sessions that this person may end."""
    rows = [
        Data(
            id=one.id,
            name=_name(one),
            browser=one.browser,
            network=one.network,
            created_at=one.created_at,
            seen_at=one.seen_at,
            current=one.id == g.session.id,
        )
        for one in _sessions()
    ]
    return render_template("sessions.html", sessions=rows, everybody=_everybody())


@pages.post("/sessions/end")
@requires(Role.EDITOR)
def end() -> ResponseReturnValue:
    """End one session, or with `all` every one of this person's but the current."""
    others = [one for one in _sessions() if one.id != g.session.id]
    if "all" in request.form:
        ended = [one for one in others if one.address == editor().address]
    else:
        ended = [one for one in others if str(one.id) == request.form.get("session")] or abort(404)
    sign_in.end(workspace(), [one.id for one in ended])
    journal(Act.SESSIONS_ENDED, number=len(ended))
    say("Ended.")
    return redirect(url_for("sessions.show"), 303)


def _everybody() -> bool:
    return editor().role.covers(Role.OPERATOR)


def _sessions() -> list[Session]:
    return list(sign_in.sessions(workspace(), None if _everybody() else editor().address))


def _name(session: Session) -> str:
    person = workspace().settings.editor(session.address)
    return person.shown if person else session.address
