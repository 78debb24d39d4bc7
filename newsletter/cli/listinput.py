"""Read a list of people for a command: the options that say how, and the printed report."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import FINDINGS, Session
from newsletter.cli.arguments import F
from newsletter.cli.language import words
from newsletter.cli.output import listed, print_json, say
from newsletter.errors import Message, StoreError, counted

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from newsletter.audience.report import Report
    from newsletter.services.lists import ListImport

_SHOWN = 20  # as the help of --all says

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
        "--all",
        "everything",
        is_flag=True,
        help="Print all lines, not the first 20 of a kind.",
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
        length=1,
        label=words(Message("Reading %(name)s", name=source.path.name)),
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
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
        say(
            Message(
                "Continued after line %(line)s, where it was interrupted.",
                line=report.resumed_after,
            ),
            err=True,
        )
    learned = source.learned(report)
    for heading in learned.absent:
        say(Message("%(name)s has no column %(heading)r.", name=report.name, heading=heading), err=True)
    if as_json:
        print_json(report_data(report, dry_run=dry_run))
    else:
        _print(report, dry_run=dry_run)
    for heading in learned.once:
        say(
            Message(
                "«%(heading)s» may say who left: it is ignored in this list only, and must be named again.",
                heading=heading,
            ),
            err=True,
        )
    if source.remember(learned):
        say(Message("What the headings mean is stored in %(path)s.", path=FILE), err=True)
    return FINDINGS if report.refused else 0


@contextmanager
def _stop_said(bar: "ProgressBar[int]", *, dry_run: bool) -> Iterator[None]:
    """Print that an interrupted import can be continued."""
    try:
        yield
    except (KeyboardInterrupt, StoreError):
        if bar.pos and not dry_run:
            say(
                Message(
                    "Imported up to line %(pos)s. Run the same command again to continue from there.",
                    pos=bar.pos,
                ),
                err=True,
            )
        raise


def _print(report: "Report", *, dry_run: bool) -> None:
    counts = ", ".join(
        f"{count} {words(fate)}" for fate, count in report.counts.items() if count or fate in _ALWAYS_SHOWN
    )
    say(
        Message(
            "%(name)s would give: %(counts)s" if dry_run else "%(name)s: %(counts)s",
            name=report.name,
            counts=counts,
        )
    )
    if report.service:
        say(Message("Recognised as an export of %(service)s.", service=report.service))
    columns = [
        words(
            Message("«%(heading)s» is ignored", heading=heading)
            if column == "-"
            else Message("«%(heading)s» is %(column)s", heading=heading, column=column)
        )
        for heading, column in report.headings.items()
        if heading and heading != column
    ]
    if columns:
        say(Message("Columns: %(columns)s.", columns=", ".join(columns)))
    if report.left_out:
        say(
            Message(
                "Ignored, because they have no meaning here: %(left_out)s.",
                left_out=", ".join(report.left_out),
            )
        )
    passed = [counted(*text, report.lines[why]) for why, text in _PASSED.items() if report.lines[why]]
    if passed:
        say(Message("Skipped: %(passed)s.", passed=listed(passed)))
    for note in report.notes:
        say(note)
    if report.encoding and not report.encoding.startswith("utf"):
        say(
            Message(
                "Read as %(encoding)s; if letters look wrong, save the list as UTF-8.",
                encoding=report.encoding,
            )
        )
    for fate, changes in report.changes.items():
        _print_lines(changes, report.fates[fate] if dry_run else 0)
    for severity, number in report.found.items():
        _print_lines([words(one) for one in report.problems if one.severity == severity], number)


_ALWAYS_SHOWN = ("new", "changed", "unchanged", "refused")
_PASSED = {
    "above": ("%(num)d above the headings",) * 2,
    "hidden": ("%(num)d hidden in the sheet (--with-hidden reads them)",) * 2,
    "no_address": ("%(num)d without an address",) * 2,
}


def _print_lines(lines: Sequence[str], number: int) -> None:
    """Print lines, and how many of the total `number` are not shown."""
    for line in lines:
        click.echo(line)
    if number > len(lines):
        say(Message("… and %(number)s more; --all prints them.", number=number - len(lines)))
