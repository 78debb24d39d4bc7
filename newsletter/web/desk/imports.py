"""Import a list in four steps: upload it, match its columns, look at what would happen, let a job do it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.audience.headings import IGNORED, STATUS
from newsletter.config.types import Role
from newsletter.errors import ConfigError, ContentError, Message, Problem
from newsletter.i18n import said
from newsletter.model import Standing
from newsletter.render.values import Data
from newsletter.services import Workspace, exchange, jobs
from newsletter.services.journal import Act
from newsletter.services.lists import ListImport, Reading, columns_of, look_at, meaning_of
from newsletter.web.desk.access import editor, journal, requires, say, workspace
from newsletter.web.desk.sending import section_titles

pages = Blueprint("imports", __name__)

_KEPT = 12
"""So many changes and problems of each kind are shown before an import."""


@pages.get("/readers/import")
@requires(Role.OPERATOR)
def show() -> str:
    """Show the form that takes a list."""
    return render_template("import.html")


@pages.post("/readers/import")
@requires(Role.OPERATOR)
def upload() -> ResponseReturnValue:
    """Keep a list for a day, and lead to its columns."""
    file = request.files.get("list")
    if file is None or not file.filename:
        raise ConfigError("no list was given", "Choose a file: .csv, .xlsx or .yaml.")
    place = exchange.keep(workspace(), file.filename, file.stream.read())
    token, _, name = place.partition("/")
    return redirect(url_for("imports.match", token=token, name=name), 303)


@pages.get("/readers/import/<token>/<name>")
@requires(Role.OPERATOR)
def match(token: str, name: str) -> str:
    """Show each heading with samples, and the column that it seems to mean; of a workbook, of one sheet."""
    return _page(token, name, request.args)


@pages.post("/readers/import/<token>/<name>")
@requires(Role.OPERATOR)
def decide(token: str, name: str) -> ResponseReturnValue:
    """Try the list as it was matched, or ask a job to import it."""
    press, form = workspace(), request.form
    path = exchange.path_of(press, f"{token}/{name}")
    how = _how(press, form)
    if form.get("what") != "import":
        return _page(token, name, form, **_tried(ListImport(press, path, _reading(how, dry=True))))
    consent = form.get("consent", "").strip()
    if not consent and ListImport(press, path, _reading(how, dry=False)).needs_consent():
        fault = Problem.error("where the readers' consent came from is not given", hint="Say it below.")
        return _page(token, name, form, faults=[said(fault, g.language)])
    arguments = {
        "file": f"{token}/{name}",
        "columns": how.columns,
        "values": how.values,
        "sheet": how.sheet,
        "consent": consent,
    }
    job = jobs.start(press, "import-list", arguments, editor().shown, key=token)
    journal(Act.READERS_IMPORTED, job=job.id)
    return redirect(url_for("imports.progress", number=job.id), 303)


@pages.get("/readers/import/jobs/<int:number>")
@requires(Role.OPERATOR)
def progress(number: int) -> str:
    """Show how far an import is, and at the end what became of each line."""
    job = jobs.job(workspace(), number)
    if job.kind != "import-list":
        raise ContentError(Message("job %(number)s imports no list", number=number), "See the jobs.")
    total = job.progress.total or 1
    return render_template(
        "import_progress.html",
        number=number,
        state=job.state.value,
        open=job.open,
        done=job.progress.done,
        total=job.progress.total,
        share=f"{min(100.0, 100 * job.progress.done / total):.1f}%",
        error=said(job.error, g.language),
        counts=[(fate, count) for fate, count in job.result.items() if isinstance(count, int) and count],
    )


@pages.post("/readers/import/jobs/<int:number>/cancel")
@requires(Role.OPERATOR)
def cancel(number: int) -> ResponseReturnValue:
    """Stop an import; what was imported stays."""
    jobs.cancel(workspace(), number, editor().shown)
    say("It stops. What has been imported stays.")
    return redirect(url_for("imports.progress", number=number), 303)


@dataclass(frozen=True, slots=True)
class _How:
    """What an editor said of headings and of the values of a status column."""

    columns: dict[str, str]
    values: dict[str, str]
    sheet: str | None


def _how(press: Workspace, form: Mapping[str, str]) -> _How:
    known = columns_of(press)
    columns = {
        form[f"heading-{place}"]: column
        for place in range(len(form))
        if f"heading-{place}" in form and (column := form.get(f"column-{place}", IGNORED)) in known
    }
    values = {
        form[f"value-{place}"]: standing
        for place in range(len(form))
        if f"value-{place}" in form and (standing := form.get(f"standing-{place}", "")) in tuple(Standing)
    }
    return _How(
        {heading: column for heading, column in columns.items() if heading}, values, form.get("sheet") or None
    )


def _reading(how: _How, *, dry: bool) -> Reading:
    values = {word: Standing(standing) for word, standing in how.values.items()}
    return Reading(columns=how.columns, values=values, sheet=how.sheet, dry_run=dry, keep=_KEPT)


def _tried(trial: ListImport) -> dict[str, Any]:
    """Return what an import would do, or why it cannot be done."""
    try:
        report = trial.run()
    except (ConfigError, ContentError) as error:
        return {"faults": [said(one.text, g.language) for one in error.problems]}
    changes = report.changes.values()
    problems = sorted(report.problems, key=lambda one: one.severity)  # errors first
    return {
        "account": Data(
            counts=tuple((fate, count) for fate, count in report.counts.items() if count),
            refused=report.refused,
            changes=tuple(_unplaced(line, report.name) for lines in changes for line in lines),
            problems=tuple(_unplaced(said(one, g.language), report.name) for one in problems),
            notes=tuple(said(one, g.language) for one in report.notes),
            service=report.service,
            everything=report.blank_sections,
        )
    }


def _unplaced(words: str, name: str) -> str:
    """Return what is said of a line without where its file is kept."""
    return re.sub(rf"{re.escape(name)}(\[[^\]]*\])?:", "", words)


def _page(token: str, name: str, form: Mapping[str, str], **values: Any) -> str:
    press = workspace()
    path = exchange.path_of(press, f"{token}/{name}")
    seen = look_at(press, path, form.get("sheet") or None)
    chosen = [form.get(f"column-{place}", column) for place, column in enumerate(seen.columns)]
    statuses = [
        Data(heading=seen.headings[place], value=value, standing=_standing(form, seen.headings[place], value))
        for place, column in enumerate(chosen)
        if column == STATUS
        for value in seen.values[place]
    ]
    labels = {slug: entry.label for slug, entry in press.settings.fields.items()}
    return render_template(
        "import_match.html",
        name=name,
        token=token,
        lines=seen.lines,
        sheet=seen.sheet or "",
        sheets=[
            Data(
                name=one,
                rows=tuple(map(tuple, rows)),
                address=url_for(".match", token=token, name=name, sheet=one),
            )
            for one, rows in seen.sheets.items()
        ],
        columns=[
            Data(heading=heading, column=column, samples=tuple(samples))
            for heading, column, samples in zip(seen.headings, chosen, seen.samples, strict=True)
        ],
        known=[Data(name=one, label=labels.get(one, "")) for one in columns_of(press)],
        statuses=statuses,
        standings=[one.value for one in Standing],
        sections=tuple(section_titles(press).values()),
        consent=form.get("consent", ""),
        **{"account": None, "faults": (), **values},
    )


def _standing(form: Mapping[str, str], heading: str, value: str) -> str:
    """Return what was said that a value means, or what it usually means."""
    for place in range(len(form)):
        if form.get(f"value-{place}") == value:
            return form.get(f"standing-{place}", "")
    return meaning_of(heading, value) or ""
