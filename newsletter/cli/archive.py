"""The command `archive`: the public archive as files for any web server."""

from pathlib import Path

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import print_json, say
from newsletter.cli.progress import progress
from newsletter.errors import Message, counted


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder to write to: new, empty, or written by this command before.",
)
@as_json
@pass_session
def archive(session: Session, out: Path, as_json: bool) -> None:
    """Export the public archive as files: issues, sections, feeds and sitemap, for any web server.

    It is in the workspace's language. What needs the live site, like search and sign-up, is linked to
    under base_url. Run again, it writes what has changed, and removes only files that it wrote itself.

    \b
    Example:
      newsletter archive --out public
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.archive import number_of_issues, write, written_before
    from newsletter.web.readers.archive.export import files

    workspace = session.workspace
    workspace.database = workspace.readable  # the archive's pages only read
    written_before(out)  # a folder of something else is refused before any work
    issues = number_of_issues(workspace)
    with progress(issues, "Issues") as advance:
        made = files(workspace, advance)
    done = write(out, made)
    if as_json:
        print_json({"issues": issues, "files": len(made), "changed": done.changed, "removed": done.removed})
    else:
        say(
            Message(
                "%(issues)s in %(files)s: %(out)s",
                issues=counted("%(num)d issue", "%(num)d issues", issues),
                files=counted("%(num)d file", "%(num)d files", len(made)),
                out=out,
            )
        )
        say(
            Message("Written: %(changed)s; removed: %(removed)s.", changed=done.changed, removed=done.removed)
        )


COMMANDS = {"archive": archive}
