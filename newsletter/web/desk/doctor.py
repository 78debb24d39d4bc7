"""Whether mail will arrive: what this press was found to be like, held against what providers require."""

from flask import Blueprint, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.doctor import Level, stored
from newsletter.doctor.providers import PAGES, READ, standings
from newsletter.i18n import said
from newsletter.render.values import Data
from newsletter.services import doctor as service
from newsletter.services import jobs
from newsletter.web.desk.access import editor, requires, workspace

pages = Blueprint("doctor", __name__)

_KIND = "doctor"
_ORDER = (Level.ERROR, Level.WARNING, Level.OK, Level.SKIPPED)


@pages.get("/doctor")
@requires(Role.OPERATOR)
def show() -> str:
    """Show what the last examination online found; before the first one, what can be known without it."""
    press = workspace()
    found = jobs.jobs(press, kind=_KIND, limit=2)
    going = next((job for job in found if job.open), None)
    last = next((job for job in found if not job.open), None)
    online = bool(last and last.result)
    known = map(stored, last.result["results"]) if last and online else ()
    results = [*known] if online else [*service.examine(press, online=False)]
    return render_template(
        "doctor.html",
        going=bool(going),
        words=going.progress.words if going else "",
        failed=said(last.error, g.language) if last else "",
        at=last.ended_at if last and online else "",
        results=[
            Data(
                subject=one.subject,
                level=one.level.value,
                text=said(one.text, g.language),
                hint=said(one.hint, g.language),
            )
            for one in sorted(results, key=lambda one: _ORDER.index(one.level))
        ],
        providers=list(PAGES),
        addresses=dict(PAGES),
        read=READ,
        requirements=[
            Data(
                text=one.requirement.text,
                asked=tuple(one.requirement.asked.get(name, "") for name in PAGES),
                level=one.level.value if one.level else "",
            )
            for one in standings(results)
        ],
    )


@pages.post("/doctor")
@requires(Role.OPERATOR)
def examine() -> ResponseReturnValue:
    """Ask a worker to examine everything, from the machine that sends."""
    jobs.start(workspace(), _KIND, {}, editor().shown)
    return redirect(url_for("doctor.show"), 303)
