"""The desk's first page: the newest issue, or all issues with the state of each."""

from datetime import date

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.render.values import Data, plain
from newsletter.services.status import overview
from newsletter.web.desk.access import may, requires, workspace

pages = Blueprint("desk", __name__)


@pages.get("/")
@requires(Role.EDITOR)
def home() -> ResponseReturnValue:
    """Lead to the newest issue's board, or to the list of issues when there is none."""
    newest = next(iter(overview(workspace())), None)
    if newest is None or not may("board.show"):
        return redirect(url_for("desk.issues"))
    return redirect(url_for("board.show", closing=date.fromisoformat(newest.issue)))


@pages.get("/issues")
@requires(Role.EDITOR)
def issues() -> str:
    """Show every issue, the newest first."""
    press = workspace()
    rows = []
    for line in overview(press):
        closing = date.fromisoformat(line.issue)
        rows.append(
            Data(
                period=plain(press.settings.period(closing)),
                address=url_for("board.show", closing=closing) if may("board.show") else "",
                line=plain(line),
            )
        )
    return render_template("issues.html", issues=rows)
