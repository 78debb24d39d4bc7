"""Coverage page: which communities have a reader, by region; in the local preview only, as it is private."""

from flask import Blueprint, abort, current_app, g, render_template, request, url_for

from newsletter.audience.ukraine.coverage import coverage
from newsletter.compose.issuefile import closings
from newsletter.render.values import Function
from newsletter.store.db import reading
from newsletter.web.preview.proofs import Proofs
from newsletter.web.preview.shown import shown_issues, shown_view
from newsletter.web.preview.view import read
from newsletter.web.templates import shown_settings

communities = Blueprint("coverage", __name__)

_SHOWN = 50  # names that the register does not know; the command prints all


@communities.get("/coverage")
def page() -> str:
    """Show coverage by region, or by community of the region in the query `region`."""
    proofs: Proofs = current_app.extensions["proofs"]
    workspace, stamp = proofs.workspace, proofs.stamp(None)
    with reading(workspace.readable) as connection:
        covered = coverage(connection, workspace.settings)
    wanted = request.args.get("region")
    region = next((one for one in covered.regions if one.name == wanted), None) if covered else None
    if wanted and region is None:
        abort(404)

    def here(lang: str) -> str:
        return url_for("coverage.page", region=wanted, lang=lang)

    return render_template(
        "coverage.html",
        settings=shown_settings(workspace.settings),
        closing=None,
        issues=shown_issues(closings(workspace.root), workspace.settings),
        view=shown_view(read(request.args, workspace.settings.languages)),
        language=g.language,
        waiting=url_for("preview.changes", since=stamp),
        covered=covered,
        region=region,
        shown=_SHOWN,
        here=Function(here),
    )
