"""The commands `subscribers import` and `subscribers export`: whole lists in and out."""

import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import as_data, print_json
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.audience.lists import Report

_SHOWN = 20

in_segment = click.option("--segment", metavar="NAME", help="Only readers in this segment.")


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--all", "everything", is_flag=True, help=f"Print every line's report, not the first {_SHOWN}.")
@as_json
@pass_session
def import_list(session: Session, file: Path, dry_run: bool, everything: bool, as_json: bool) -> int:
    """Take people from the list FILE, CSV or YAML, into the database.

    The columns are email, name, sections, language and the fields of newsletter.yaml, by name or label.
    In `sections` stand slugs with ; or , between; empty or * means all. Known people are changed only in
    the columns the file has. Nobody who left, was suppressed or was erased is brought back. Exit 1 when
    some lines were refused; the others are taken all the same.

    \b
    Example:
      newsletter subscribers import subscribers/mayors.csv --dry-run
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.audience.lists import Importer

    context = session.context
    importer = Importer(context.database, context.settings, context.signer)
    path = file.resolve()
    name = str(path.relative_to(context.root)) if path.is_relative_to(context.root) else str(file)
    with click.progressbar(
        length=1, label=f"Reading {file.name}", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def progress(done: int, lines: int) -> None:
            bar.length = max(done, lines)
            bar.update(done - bar.pos)

        report = importer.file(path, name, context.now(), dry_run=dry_run, progress=progress)
    if as_json:
        print_json(_as_data(report, name, dry_run=dry_run))
    else:
        _print(report, name, dry_run=dry_run, limit=None if everything else _SHOWN)
    return FINDINGS if report.refused else 0


def _as_data(report: "Report", name: str, *, dry_run: bool) -> dict[str, object]:
    return {
        "file": name,
        "dry_run": dry_run,
        "encoding": report.encoding,
        **report.counts,
        "changes": report.changes,
        "problems": as_data(report.problems),
    }


def _print(report: "Report", name: str, *, dry_run: bool, limit: int | None) -> None:
    counts = ", ".join(f"{count} {fate}" for fate, count in report.counts.items())
    click.echo(f"{name}{' would give' if dry_run else ''}: {counts}")
    if not report.encoding.startswith("utf"):
        click.echo(f"Read as {report.encoding}; if letters look wrong, save the list as UTF-8.")
    for lines in (report.changes, [str(problem) for problem in report.problems]):
        for line in lines[:limit]:
            click.echo(line)
        if limit and len(lines) > limit:
            click.echo(f"… and {len(lines) - limit} more; --all prints them.")


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
    with reading(context.database) as connection:
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
