"""The commands `subscribers import` and `subscribers export`, which read and write whole lists."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.consent import consent, insisted
from newsletter.cli.listinput import open_list, print_report, reads_list, take

if TYPE_CHECKING:
    from newsletter.services.subscribers import Format

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

    source, dry_run = open_list(session, file, options, as_json=as_json), options["dry_run"]
    if consent is None and source.needs_consent():
        consent = insisted(consent)
    report = take(source, consent or "", dry_run=dry_run, blank=BlankSections(blank_sections))
    return print_report(source, report, dry_run=dry_run, as_json=as_json)


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
def export_list(session: Session, segment: str | None, kind: "Format | None", out: Path | None) -> None:
    """Export the readers as a list that `import` can read.

    Those who left or were suppressed are not in it. Cells that a spreadsheet would take for formulas begin
    with a quote. Only you can read FILE.

    \b
    Example:
      newsletter subscribers export --segment kharkiv --out kharkiv.csv
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.subscribers import export, export_file

    if out is not None:
        export_file(session.workspace, out, kind, segment)
        return
    for line in export(session.workspace, kind or "csv", segment):
        sys.stdout.buffer.write(line.encode())
