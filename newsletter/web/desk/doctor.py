"""Whether mail will arrive: what this press was found to be like, held against what providers require."""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.doctor import Level, Result
from newsletter.doctor.providers import PAGES, READ, standings
from newsletter.render.values import Data, plain
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
    results = _results(last.result["results"]) if last and online else [*service.examine(press, online=False)]
    return render_template(
        "doctor.html",
        going=bool(going),
        words=going.progress.words if going else "",
        failed=last.error if last else "",
        at=last.ended_at if last and online else "",
        results=[plain(one) for one in sorted(results, key=lambda one: _ORDER.index(one.level))],
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


def _results(stored: Sequence[dict[str, str]]) -> list[Result]:
    return [Result(**{**one, "level": Level(one["level"])}) for one in stored]  # type: ignore[arg-type]  # as JSON keeps it
