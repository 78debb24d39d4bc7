"""The commands `subscribers import` and `subscribers export`, which read and write whole lists."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.consent import consent, insisted
from newsletter.cli.listinput import ListInput, reads_list
from newsletter.errors import ConfigError
from newsletter.files import OWNER, atomic_write

in_segment = click.option("--segment", metavar="NAME", help="Only readers in this segment.")


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@consent
@reads_list
@click.option(
    "--blank-sections",
    type=click.Choice(["all", "refuse"]),
    default="all",
    show_default=True,
    help="What an empty cell means in a column of sections.",
)
@as_json
@pass_session
def import_list(
    session: Session,
    /,
    file: Path,
    consent: str | None,
    blank_sections: str,
    as_json: bool,
    **options: Any,
) -> int:
    """Import people from a list into the database: CSV, .xlsx, YAML.

    The columns are email, name, sections, language and the fields of newsletter.yaml, by name, label or
    usual heading. `sections` holds slugs or titles separated by ; or , and empty or * means all. Existing
    people are changed only in the columns that the file has. Exports of Mailchimp, listmonk, Brevo, Ghost,
    Google Contacts and others are recognised by their headings.

    People who have left, bounced or complained according to the list are recorded as such. Nobody who left,
    opted out, was suppressed or was erased is brought back. Addresses that look mistyped are reported, and
    imported. Exit 1 when some lines were refused; the others are imported all the same.

    \b
    Examples:
      newsletter subscribers import subscribers/mayors.xlsx --dry-run
      newsletter subscribers import subscribers/mayors.xlsx --consent "Forms of the forum, 12 March 2025"
      newsletter subscribers import list.csv --column email="Mayor's address" --column -=Phone
      newsletter subscribers import list.csv --status active=current --status left=gone
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.audience.lines import BlankSections

    reading = ListInput(session, file, options, as_json=as_json)
    source = consent or ""
    if not reading.dry_run and consent is None and not reading.names_nobody():
        source = insisted(consent)
    return reading.tell(reading.take(consent=source, blank=BlankSections(blank_sections)))


@click.command("export")
@in_segment
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "yaml"]),
    help="By default that of FILE's extension, or csv.",
)
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE.")
@pass_session
def export_list(session: Session, segment: str | None, kind: str | None, out: Path | None) -> None:
    """Export the readers as a list that `import` can read.

    Those who left or were suppressed are not in it. Cells that a spreadsheet would take for formulas begin
    with a quote. Only you can read FILE.

    \b
    Example:
      newsletter subscribers export --segment kharkiv --out kharkiv.csv
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.audience.export import csv_lines, yaml_lines
    from newsletter.store.db import reading
    from newsletter.store.people import readers

    workspace = session.workspace
    where = workspace.segment(segment) if segment else None
    if kind is None:
        kind = "yaml" if out and out.suffix.lower() in (".yaml", ".yml") else "csv"
    with reading(workspace.readable) as connection:
        write = csv_lines if kind == "csv" else yaml_lines
        lines = write(readers(connection, where), list(workspace.settings.fields))
        if out is None:
            sys.stdout.buffer.writelines(line.encode() for line in lines)
        else:
            _write(out, lines)


def _write(out: Path, lines: Iterable[str]) -> None:
    """Write the file atomically, readable by its owner only."""
    try:
        atomic_write(out, (line.encode() for line in lines), mode=OWNER)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}", "Name another file.") from None
