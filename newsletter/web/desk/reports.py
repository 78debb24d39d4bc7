"""Reports: what became of issues and readers, as charts with tables and CSV; a proof of delivery to print."""

import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from babel.dates import format_date
from flask import Blueprint, Response, abort, g, render_template, request

from newsletter.config.types import Role
from newsletter.errors import ConfigError, Message
from newsletter.locales import locale
from newsletter.model import Outcome
from newsletter.render.values import Data, plain
from newsletter.services import reports
from newsletter.services.delivery_proof import prove_delivery
from newsletter.services.journal import Act
from newsletter.web.app import download
from newsletter.web.desk.access import journal, requires, workspace
from newsletter.web.desk.charts import columns
from newsletter.web.desk.header import issue_header

pages = Blueprint("reports", __name__)

_SHOWN = 8
"""Domains in the report of an issue before the rest is folded."""


@pages.get("/reports")
@requires(Role.EDITOR)
def show() -> str:
    """Show the issues and the readers of the last half-year."""
    press = workspace()
    rows, weeks, reach = (
        reports.issues_over_time(press),
        reports.readers_over_time(press),
        reports.reach_over_time(press),
    )
    days = [_short(date.fromisoformat(row.name)) for row in rows]
    sections = {section.slug: section.title for section in press.settings.sections}
    return render_template(
        "reports.html",
        issues=[
            Data(closing=date.fromisoformat(row.name), figures=_shown_row(row)) for row in reversed(rows)
        ],
        issues_chart=columns(
            days,
            [
                ("good", [row.accepted for row in rows]),
                ("later", [row.pending + row.outcomes.get(Outcome.DEFERRED, 0) for row in rows]),
                ("bad", [row.failed for row in rows]),
            ],
        ),
        weeks=[plain(week) for week in reversed(weeks)],
        weeks_chart=columns(
            [_short(week.closing) for week in weeks],
            [("good", [week.joined for week in weeks])],
            [("bad", [week.gone for week in weeks]), ("off", [week.erased for week in weeks])],
        ),
        sections=_sections(weeks, reach, sections),
        reach=[plain(one) for one in reversed(reach)],
        reach_chart=columns(
            [_short(date.fromisoformat(one.issue)) for one in reach],
            [("accent", [one.communities for one in reach])],
        ),
        covered=any(one.of for one in reach),
    )


@pages.get("/reports/<closing:closing>")
@requires(Role.EDITOR)
def issue(closing: date) -> str:
    """Show what became of one issue."""
    report = reports.issue_report(workspace(), closing.isoformat())
    return render_template(
        "report.html",
        header=issue_header(closing),
        total=_shown_row(report.total),
        forgotten=report.forgotten,
        begun_at=report.frozen.begun_at,
        transport=report.frozen.transport,
        sections=[_shown_row(row) for row in report.sections],
        regions=[_shown_row(row) for row in report.regions],
        domains=[_shown_row(row) for row in report.domains],
        ways=[_shown_row(row) for row in report.ways]
        if sum(bool(row.name) for row in report.ways) > 1
        else [],
        shown=_SHOWN,
        few=reports.FEW,
        failures=[Data(code=code, detail=detail, number=number) for code, detail, number in report.failures],
        reported=[Data(kind=kind, code=code, number=number) for kind, code, number in report.reports],
    )


@pages.get("/reports/<closing:closing>/<table>.csv")
@requires(Role.EDITOR)
def issue_csv(closing: date, table: str) -> Response:
    """Return a table of an issue's report as CSV: sections, regions, domains or ways."""
    report = reports.issue_report(workspace(), closing.isoformat())
    rows = {name: getattr(report, name) for name in ("sections", "regions", "domains", "ways")}
    if table not in rows:
        abort(404)
    return _csv(f"{closing}-{table}", reports.outcome_table(rows[table]))


@pages.get("/reports/<table>.csv")
@requires(Role.EDITOR)
def over_time_csv(table: str) -> Response:
    """Return a table of the report over time as CSV: issues, readers or reach."""
    press = workspace()
    slugs = [section.slug for section in press.settings.sections]
    tables: Mapping[str, Callable[[], Iterable[Sequence[str | int]]]] = {
        "issues": lambda: reports.outcome_table(reports.issues_over_time(press)),
        "readers": lambda: reports.week_table(reports.readers_over_time(press), slugs),
        "reach": lambda: reports.reach_table(reports.reach_over_time(press), slugs),
    }
    if table not in tables:
        abort(404)
    return _csv(table, tables[table]())


@pages.get("/reports/<closing:closing>/proof")
@requires(Role.APPROVER)
def proof(closing: date) -> str:
    """Show the sheet that proves the delivery, as the ledger has it."""
    return _proof(closing)


@pages.post("/reports/<closing:closing>/proof")
@requires(Role.APPROVER)
def compare(closing: date) -> str:
    """Hold the ledger against a relay's log."""
    file = request.files.get("log")
    if file is None or not file.filename:
        raise ConfigError("no log was given", "Choose the relay's log.")
    data = file.stream.read()
    try:
        text = (gzip.decompress(data) if file.filename.endswith(".gz") else data).decode("utf-8", "replace")
    except (OSError, EOFError):
        raise ConfigError(
            Message("%(filename)s is not a gzip file", filename=file.filename),
            "Unpack it, and give it again.",
        ) from None
    found = prove_delivery(workspace(), closing.isoformat(), text.splitlines())
    journal(Act.RECONCILED, issue=closing.isoformat(), confirmed=found.confirmed, missing=found.missing_count)
    return _proof(closing, compared=plain(found), log=file.filename)


def _proof(closing: date, **values: Any) -> str:
    report = reports.issue_report(workspace(), closing.isoformat())
    return render_template(
        "proof.html",
        header=issue_header(closing),
        frozen=plain(report.frozen),
        total=_shown_row(report.total),
        now=workspace().now(),
        **values,
    )


def _shown_row(row: reports.Row) -> Data:
    """Return a line of a table, with the parts of its bar in percent."""
    counts = {outcome.value: row.outcomes.get(outcome, 0) for outcome in Outcome}
    counts |= {"readers": row.readers, "pending": row.pending, "failed": row.failed}
    whole = row.readers or 1
    good = 100 * row.accepted / whole
    bad = 100 * row.failed / whole
    return Data(
        name=row.name,
        good=f"{good:.2f}%",
        bad=f"{bad:.2f}%",
        **counts,
    )


def _sections(
    weeks: Sequence[reports.Week], reach: Sequence[reports.Reach], titles: Mapping[str, str]
) -> list[Data]:
    """Return each section with its recipients over the issues, and what was chosen, left and paused of it."""
    days = [_short(date.fromisoformat(one.issue)) for one in reach]
    return [
        Data(
            title=title,
            now=reach[-1].sections.get(slug, 0) if reach else 0,
            chart=columns(days, [("accent", [one.sections.get(slug, 0) for one in reach])], small=True),
            chosen=sum(week.chosen.get(slug, 0) for week in weeks),
            left=sum(week.left.get(slug, 0) for week in weeks),
            paused=sum(week.paused.get(slug, 0) for week in weeks),
        )
        for slug, title in titles.items()
    ]


def _short(day: date) -> str:
    return format_date(day, "d.MM", locale=locale(g.language))


def _csv(name: str, table: Iterable[Sequence[str | int]]) -> Response:
    return download(reports.csv_of(table), "text/csv", f"{name}.csv")
