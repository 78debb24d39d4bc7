"""The desk's first page: the newest issue, or all issues with the state of each."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.names import CorrectionName, closing_of, read_name
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
    return redirect(url_for("board.show", closing=closing_of(read_name(newest.issue))))


@pages.get("/issues")
@requires(Role.EDITOR)
def issues() -> str:
    """Show every issue with the letters that correct it, the newest first."""
    press = workspace()
    rows = []
    for line in overview(press):
        name = read_name(line.issue)
        closing = closing_of(name)
        rows.append(
            Data(
                period=plain(press.settings.period(closing)),
                address=url_for("board.show", closing=closing) if may("board.show") else "",
                letter=name.number if isinstance(name, CorrectionName) else 0,
                line=plain(line),
            )
        )
    return render_template("issues.html", issues=rows)
