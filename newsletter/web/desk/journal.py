"""The journal's page: who did what, when and from where, by filter, and as CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from newsletter.audience.csvfile import guard
from newsletter.config.types import Role
from newsletter.render.values import Data
from newsletter.services import Workspace
from newsletter.services import journal as service
from newsletter.services.journal import Act
from newsletter.store.journal import Entry, Wanted
from newsletter.web.app import download
from newsletter.web.desk.access import requires, workspace

pages = Blueprint("journal", __name__)

_SHOWN = 100
_COLUMNS = ("at", "name", "address", "network", "did", "issue", "subject", "details")


@pages.get("/journal")
@requires(Role.OPERATOR)
def show() -> str:
    """Show the newest entries that the filter wants, and a link to older ones."""
    wanted = _wanted()
    found = service.entries(
        workspace(), wanted, before=request.args.get("before", type=int), limit=_SHOWN + 1
    )
    asked: dict[str, Any] = {
        name: value for name, value in request.args.items() if value and name != "before"
    }
    older = url_for("journal.show", **asked, before=found[_SHOWN - 1].id) if len(found) > _SHOWN else ""
    return render_template(
        "journal.html",
        entries=[_shown(one) for one in found[:_SHOWN]],
        wanted=wanted,
        filtered=wanted != Wanted(),
        people=service.people(workspace()),
        acts=[act.value for act in Act],
        older=older,
        as_csv=url_for("journal.as_csv", **asked),
    )


@pages.get("/journal.csv")
@requires(Role.OPERATOR)
def as_csv() -> Response:
    """Return all entries that the filter wants as CSV, the newest first."""
    lines = _lines(workspace(), _wanted())
    return download(lines, "text/csv", "journal.csv")


def _lines(press: Workspace, wanted: Wanted) -> Iterator[str]:
    """Yield the lines of the file, with the mark by which spreadsheets know UTF-8."""
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + _line(_COLUMNS)
    with service.every(press, wanted) as entries:
        for one in entries:
            yield _line(
                (one.at, one.name, one.address, one.network, one.did, one.issue, one.subject, _details(one))
            )


def _line(values: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(map(guard, values))
    return out.getvalue()


def _wanted() -> Wanted:
    """Return the filter of the address; a day that is none is left out."""
    given = request.args
    return Wanted(
        address=given.get("who", ""),
        did=given.get("did", ""),
        issue=given.get("issue", ""),
        since=_day(given.get("since", "")),
        until=_day(given.get("until", "")),
    )


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _shown(one: Entry) -> Data:
    return Data(
        at=one.at,
        name=one.name,
        address=one.address,
        network=one.network,
        did=one.did,
        issue=one.issue,
        subject=one.subject,
        details=tuple(one.details.items()),
    )


def _details(one: Entry) -> str:
    return ", ".join(f"{name}: {value}" for name, value in one.details.items())
