"""Read a list of people for a command: the options that say how, and the printed report."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session
from newsletter.cli.arguments import F
from newsletter.cli.output import print_json
from newsletter.errors import StoreError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from newsletter.audience.report import Report
    from newsletter.services.lists import ListImport

_SHOWN = 20

_reads = (
    click.option(
        "--column",
        "said",
        metavar="COLUMN=HEADING",
        multiple=True,
        help="What a heading means; - as COLUMN ignores it. Remembered for the next list.",
    ),
    click.option(
        "--status",
        "statuses",
        metavar="STANDING=VALUE",
        multiple=True,
        help="What a value in the list's status column means: active, left, bounced, complained, waiting.",
    ),
    click.option(
        "--sheet", metavar="NAME", help="The sheet of a workbook; by default the first with addresses."
    ),
    click.option("--with-hidden", is_flag=True, help="Read hidden rows of a sheet too."),
    click.option("--dry-run", is_flag=True, help="Show what would change; change nothing."),
    click.option(
        "--all", "everything", is_flag=True, help=f"Print all lines, not the first {_SHOWN} of a kind."
    ),
)


def reads_list(command: F) -> F:
    """Add the options that say how a list is read."""
    for option in reversed(_reads):
        command = option(command)
    return command


def open_list(session: Session, file: Path, options: Mapping[str, Any], *, as_json: bool) -> "ListImport":
    """Return the import of a list as its options say. Raises ConfigError."""
    from newsletter.audience.columns import known_columns, pairs
    from newsletter.audience.statuses import value_pairs
    from newsletter.services.lists import ListImport, Reading

    how = Reading(
        columns=pairs(options["said"], known_columns(session.workspace.settings.fields)),
        values=value_pairs(options["statuses"]),
        sheet=options["sheet"],
        hidden=options["with_hidden"],
        dry_run=options["dry_run"],
        keep=None if options["everything"] or as_json else _SHOWN,
    )
    return ListImport(session.workspace, file, how)


def take(source: "ListImport", consent: str, *, dry_run: bool, **how: Any) -> "Report":
    """Import the list into the database, with a progress bar on a terminal."""
    with click.progressbar(
        length=1, label=f"Reading {source.path.name}", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def progress(done: int, lines: int) -> None:
            bar.length = max(done, lines)
            bar.update(done - bar.pos)

        with _stop_said(bar, dry_run=dry_run):
            return source.run(consent, progress=progress, **how)


def print_report(source: "ListImport", report: "Report", *, dry_run: bool, as_json: bool) -> int:
    """Print the report, remember what headings mean, and return the exit code."""
    from newsletter.services.lists import FILE, report_data

    if report.resumed_after:
        click.echo(f"Continued after line {report.resumed_after}, where it was interrupted.", err=True)
    learned = source.learned(report)
    for heading in learned.absent:
        click.echo(f"{report.name} has no column {heading!r}.", err=True)
    if as_json:
        print_json(report_data(report, dry_run=dry_run))
    else:
        _print(report, dry_run=dry_run)
    for heading in learned.once:
        click.echo(
            f"«{heading}» may say who left: it is ignored in this list only, and must be named again.",
            err=True,
        )
    if source.remember(learned):
        click.echo(f"What the headings mean is stored in {FILE}.", err=True)
    return FINDINGS if report.refused else 0


@contextmanager
def _stop_said(bar: "ProgressBar[int]", *, dry_run: bool) -> Iterator[None]:
    """Print that an interrupted import can be continued."""
    try:
        yield
    except (KeyboardInterrupt, StoreError):
        if bar.pos and not dry_run:
            click.echo(
                f"Imported up to line {bar.pos}. Run the same command again to continue from there.", err=True
            )
        raise


def _print(report: "Report", *, dry_run: bool) -> None:
    counts = ", ".join(
        f"{count} {fate}" for fate, count in report.counts.items() if count or fate in _ALWAYS_SHOWN
    )
    click.echo(f"{report.name}{' would give' if dry_run else ''}: {counts}")
    if report.service:
        click.echo(f"Recognised as an export of {report.service}.")
    columns = [
        f"«{heading}» is {'ignored' if column == '-' else column}"
        for heading, column in report.headings.items()
        if heading and heading != column
    ]
    if columns:
        click.echo(f"Columns: {', '.join(columns)}.")
    if report.left_out:
        click.echo(f"Ignored, because they have no meaning here: {', '.join(report.left_out)}.")
    passed = [text.format(report.lines[why]) for why, text in _PASSED.items() if report.lines[why]]
    if passed:
        click.echo(f"Skipped: {', '.join(passed)}.")
    for note in report.notes:
        click.echo(note)
    if report.encoding and not report.encoding.startswith("utf"):
        click.echo(f"Read as {report.encoding}; if letters look wrong, save the list as UTF-8.")
    for fate, changes in report.changes.items():
        _print_lines(changes, report.fates[fate] if dry_run else 0)
    for severity, number in report.found.items():
        _print_lines([str(one) for one in report.problems if one.severity == severity], number)


_ALWAYS_SHOWN = ("new", "changed", "unchanged", "refused")
_PASSED = {
    "above": "{} above the headings",
    "hidden": "{} hidden in the sheet (--with-hidden reads them)",
    "no_address": "{} without an address",
}


def _print_lines(lines: Sequence[str], number: int) -> None:
    """Print lines, and how many of the total `number` are not shown."""
    for line in lines:
        click.echo(line)
    if number > len(lines):
        click.echo(f"… and {number - len(lines)} more; --all prints them.")
