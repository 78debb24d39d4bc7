"""The commands `subscribers import` and `subscribers export`: whole lists in and out."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.consent import consent, insisted
from newsletter.cli.output import as_data, print_json
from newsletter.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from newsletter.audience.lists import Report

_SHOWN = 20

in_segment = click.option("--segment", metavar="NAME", help="Only readers in this segment.")


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@consent
@click.option(
    "--column",
    "said",
    metavar="COLUMN=HEADING",
    multiple=True,
    help="What a heading means; - as COLUMN leaves it out. Kept for the next list.",
)
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook; by default its first.")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--all", "everything", is_flag=True, help=f"Print all lines, not the first {_SHOWN} of a kind.")
@as_json
@pass_session
def import_list(  # noqa: PLR0917  as many as options
    session: Session,
    file: Path,
    consent: str | None,
    said: tuple[str, ...],
    sheet: str | None,
    dry_run: bool,
    everything: bool,
    as_json: bool,
) -> int:
    """Take people from a list into the database: CSV, .xlsx, YAML.

    The columns are email, name, sections, language and the fields of newsletter.yaml, by name, label or
    usual heading. In `sections` stand slugs with ; or , between; empty or * means all. Known people are
    changed only in the columns the file has. Nobody who left, was suppressed or was erased is brought back.
    Addresses that look mistyped are named, and taken. Exit 1 when some lines were refused; the others are
    taken all the same.

    \b
    Examples:
      newsletter subscribers import subscribers/mayors.xlsx --dry-run
      newsletter subscribers import subscribers/mayors.xlsx --consent "Forms of the forum, 12 March 2025"
      newsletter subscribers import list.csv --column email="Mayor's address" --column -=Phone
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.audience.columns import FILE, Columns, pairs, plain, remember, remembered
    from newsletter.audience.lists import Importer

    context = session.context
    names = Columns(context.settings.fields).names
    known, told = remembered(context.root, names), pairs(said, names)
    source = "" if dry_run else insisted(consent)
    database = context.readable if dry_run else context.database
    importer = Importer(database, context.settings, context.signer, known | told)
    path = file.resolve()
    name = str(path.relative_to(context.root)) if path.is_relative_to(context.root) else str(file)
    with click.progressbar(
        length=1, label=f"Reading {file.name}", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def progress(done: int, lines: int) -> None:
            bar.length = max(done, lines)
            bar.update(done - bar.pos)

        with _stop_said(bar, dry_run=dry_run):
            report = importer.file(
                path,
                name,
                context.now(),
                consent=source,
                sheet=sheet,
                dry_run=dry_run,
                keep=None if everything or as_json else _SHOWN,
                progress=progress,
            )
    if report.resumed_after:
        click.echo(f"Went on after line {report.resumed_after}, where it was stopped before.", err=True)
    here = set(map(plain, report.headings))
    fresh = {heading: column for heading, column in told.items() if plain(heading) in here}
    for heading in told.keys() - fresh.keys():
        click.echo(f"{report.name} has no column {heading!r}.", err=True)
    if as_json:
        print_json(_as_data(report, dry_run=dry_run))
    else:
        _print(report, dry_run=dry_run)
    if fresh and not dry_run:
        remember(context.root, known | fresh)
        click.echo(f"What the headings mean is kept in {FILE}.", err=True)
    return FINDINGS if report.refused else 0


@contextmanager
def _stop_said(bar: "ProgressBar[int]", *, dry_run: bool) -> Iterator[None]:
    """Say that an import which is stopped can go on."""
    try:
        yield
    except (KeyboardInterrupt, StoreError):
        if bar.pos and not dry_run:
            click.echo(f"Taken in up to line {bar.pos}. Run the same again: it goes on from there.", err=True)
        raise


def _as_data(report: "Report", *, dry_run: bool) -> dict[str, object]:
    return {
        "file": report.name,
        "dry_run": dry_run,
        "encoding": report.encoding,
        "columns": report.headings,
        **report.counts,
        "changes": report.changes,
        "problems": as_data(report.problems),
    }


def _print(report: "Report", *, dry_run: bool) -> None:
    counts = ", ".join(f"{count} {fate}" for fate, count in report.counts.items())
    click.echo(f"{report.name}{' would give' if dry_run else ''}: {counts}")
    columns = [
        f"«{heading}» is {'left out' if column == '-' else column}"
        for heading, column in report.headings.items()
        if heading and heading != column
    ]
    if columns:
        click.echo(f"Columns: {', '.join(columns)}.")
    if report.encoding and not report.encoding.startswith("utf"):
        click.echo(f"Read as {report.encoding}; if letters look wrong, save the list as UTF-8.")
    for fate, changes in report.changes.items():
        _print_lines(changes, report.fates[fate] if dry_run else 0)
    for severity, number in report.found.items():
        _print_lines([str(one) for one in report.problems if one.severity == severity], number)


def _print_lines(lines: Sequence[str], number: int) -> None:
    """Print lines, and how many there are beyond them."""
    for line in lines:
        click.echo(line)
    if number > len(lines):
        click.echo(f"… and {number - len(lines)} more; --all prints them.")


@click.command("export")
@in_segment
@click.option(
    "--format", "kind", type=click.Choice(["csv", "yaml"]), help="By default FILE's ending, or csv."
)
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE.")
@pass_session
def export_list(session: Session, segment: str | None, kind: str | None, out: Path | None) -> None:
    """Write the readers as a list that `import` takes again.

    Those who left or were suppressed are not in it. Cells that a spreadsheet would take for formulas
    begin with a quote. FILE can be read by you alone.

    \b
    Example:
      newsletter subscribers export --segment kharkiv --out kharkiv.csv
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.audience.export import csv_lines, yaml_lines
    from newsletter.store.db import reading
    from newsletter.store.people import readers

    context = session.context
    where = context.segment(segment) if segment else None
    if kind is None:
        kind = "yaml" if out and out.suffix.lower() in (".yaml", ".yml") else "csv"
    with reading(context.readable) as connection:
        write = csv_lines if kind == "csv" else yaml_lines
        lines = write(readers(connection, where), list(context.settings.fields))
        if out is None:
            sys.stdout.buffer.writelines(line.encode() for line in lines)
        else:
            _write(out, lines)


def _write(out: Path, lines: Iterable[str]) -> None:
    """Write the file whole or not at all, for its owner only."""
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")  # mode 0600
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}", "Name another file.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        Path(name).replace(out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}", "Name another file.") from None
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
