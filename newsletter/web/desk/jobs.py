"""The jobs' page: what is being done beside delivery, what became of it, and its files."""

from flask import Blueprint, Response, abort, g, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.i18n import said
from newsletter.render.values import Data
from newsletter.services import exchange, jobs, webhooks
from newsletter.services.jobs import Job
from newsletter.services.jobs.kinds import PERIODIC
from newsletter.services.journal import Act
from newsletter.web.desk.access import editor, journal, requires, say, workspace

pages = Blueprint("jobs", __name__, url_prefix="/jobs")

_SHOWN = 100
_FILES = ("file", "report")
"""The keys of a job's result that name a file to download."""


@pages.get("")
@requires(Role.EDITOR)
def show() -> str:
    """Show what was requested, open jobs first; and the periodic jobs, each with its last failure."""
    found = jobs.jobs(workspace(), limit=_SHOWN)
    return render_template(
        "jobs.html",
        requested=[_shown(one) for one in found if one.kind not in PERIODIC],
        standing=[_shown(one) for one in found if one.kind in PERIODIC and one.open],
        history=[_shown(one) for one in found if one.kind in PERIODIC and not one.open],
        webhooks=bool(workspace().settings.webhooks),
        trouble=[
            Data(name=one.name, paused=one.state == "paused", reason=said(one.reason, g.language))
            for one in webhooks.trouble(workspace())
        ],
    )


@pages.post("/<int:number>/cancel")
@requires(Role.OPERATOR)
def cancel(number: int) -> ResponseReturnValue:
    """Ask that a job stops."""
    jobs.cancel(workspace(), number, editor().shown)
    say("The job is being stopped; what it has done stays.")
    return redirect(url_for("jobs.show"), 303)


@pages.get("/<int:number>/file")
@requires(Role.OPERATOR)
def download(number: int) -> Response:
    """Return the file that a job made, which may name readers."""
    found = jobs.job(workspace(), number)
    place = next((str(found.result[key]) for key in _FILES if found.result.get(key)), "") or abort(404)
    path = exchange.path_of(workspace(), place)
    if found.kind == "export-list":
        journal(Act.READERS_EXPORTED)
    answer = send_file(path, as_attachment=True, download_name=path.name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _shown(one: Job) -> Data:
    return Data(
        id=one.id,
        kind=one.kind,
        state="stopping" if one.open and one.cancelled_by else one.state.value,
        done=one.progress.done,
        total=one.progress.total,
        words=one.progress.words,
        when=one.ended_at or one.started_at or one.requested_at,
        by=one.requested_by,
        error=said(one.error, g.language),
        open=one.open,
        has_file=any(one.result.get(key) for key in _FILES),
        new=one.result.get("new", 0) if one.kind == "collect" else 0,
    )
