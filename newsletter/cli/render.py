"""The command `render`: write every edition to files, to look at and to compare."""

from datetime import date
from pathlib import Path

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import closing
from newsletter.cli.output import say
from newsletter.errors import Message


@click.command()
@closing()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to; by default var/render/D.",
)
@pass_session
def render(session: Session, closing: date | None, out: Path | None) -> int:
    """Write every edition of issue D that readers need to files: HTML, text and message.

    Without readers it is the one edition with all sections. The address and the reader's own links in it
    are examples. manifest.json lists each edition with its sections, readers and hashes.

    \b
    Example:
      newsletter render 2025-02-14 --out proof
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.errors import Severity
    from newsletter.services.render import write

    workspace = session.workspace
    written = write(workspace, workspace.closing(closing), out)
    proof = written.proof
    for edition, readers, size in written.editions:
        sections = ", ".join(edition.sections)
        say(
            Message(
                "%(key)s  %(size)s KB  readers: %(readers)s  %(sections)s",
                key=edition.key,
                size=f"{size / 1024:3.0f}",
                readers=f"{readers:6}",
                sections=sections,
            )
        )
    say(
        Message(
            "%(name)s: %(count)s of %(total)s editions in %(folder)s",
            name=proof.issue.name,
            count=len(written.editions),
            total=len(proof.tally),
            folder=written.folder,
        )
    )
    for problem in proof.problems:
        if problem.severity is Severity.ERROR:
            say(problem, err=True)
    return FINDINGS if proof.errors else 0


COMMANDS = {"render": render}
