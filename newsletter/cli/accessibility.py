"""The command `accessibility`: a report on an issue's editions or the archive, to be published."""

from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json, closing
from newsletter.cli.output import print_json, say
from newsletter.errors import Message, counted


@click.command()
@closing()
@click.option("--archive", is_flag=True, help="Test the pages of the archive instead of an issue.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the report as an HTML page.",
)
@click.option("--language", metavar="TAG", help="The page's language, uk or en; by default the workspace's.")
@as_json
@pass_session
def accessibility(  # noqa: PLR0917  its options
    session: Session,
    closing: date | None,
    archive: bool,
    output: Path | None,
    language: str | None,
    as_json: bool,
) -> int:
    """Report how accessible the editions of issue D are, or the archive.

    The program's own rules look at text alternatives, headings, tables, contrast, links, languages and
    titles, and count how hard the text is to read; where axe-core and Chromium are installed, axe looks
    too, in the light and the dark scheme. Barriers exit 1.

    \b
    Examples:
      newsletter accessibility 2025-02-14 --output accessibility.html
      newsletter accessibility --archive --language en --output archive.html
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter import files
    from newsletter.services.accessibility import report_of_issue
    from newsletter.web.accessibility import page
    from newsletter.web.readers.archive.accessibility import report_of_archive

    workspace = session.workspace
    if archive:
        workspace.database = workspace.readable  # the archive's pages only read
        found = report_of_archive(workspace)
    else:
        found = report_of_issue(workspace, workspace.closing(closing))
    if output:
        html = page(found, workspace.settings, language or workspace.settings.language)
        files.atomic_write(output, html.encode())
    if as_json:
        data = asdict(found) | {"barriers": found.barriers}
        if found.reading:
            data["reading"] |= {"lix": found.reading.lix}
        print_json(data)
        return FINDINGS if found.barriers else 0
    for one in found.found:
        words = (
            "%(criterion)s: %(text)s" if one.certain else "%(criterion)s: %(text)s (a person has to judge)"
        )
        say(Message(words, criterion=one.criterion, text=one.text))
        for place in one.places:
            click.echo(f"  {place}")
    say(
        counted(
            "%(title)s: %(num)d barrier.", "%(title)s: %(num)d barriers.", found.barriers, title=found.title
        )
    )
    tested = {"tested": len(found.pages), "of": found.of}
    if found.axe:
        words = "Tested: %(tested)s of %(of)s, by our own rules and axe-core %(axe)s in %(browser)s."
        say(Message(words, **tested, axe=found.axe, browser=found.browser))
    else:
        words = "Tested: %(tested)s of %(of)s, by our own rules alone: axe-core or Chromium is not installed."
        say(Message(words, **tested))
    if output:
        say(Message("The page: %(file)s", file=output))
    return FINDINGS if found.barriers else 0


COMMANDS = {"accessibility": accessibility}
