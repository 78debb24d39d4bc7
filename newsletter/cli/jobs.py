"""The command `jobs`: what workers do beside delivery, and its history."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.output import print_json, say

if TYPE_CHECKING:
    from newsletter.services import Workspace
    from newsletter.store.jobs import Job


@click.command()
@click.option("--cancel", "number", type=int, metavar="ID", help="Stop this job; what it has done stays.")
@click.option("--kind", metavar="KIND", help="Only jobs of this kind.")
@click.option("--limit", type=click.IntRange(1), default=30, show_default=True, help="The most jobs to list.")
@as_json
@pass_session
def jobs(session: Session, number: int | None, kind: str | None, limit: int, as_json: bool) -> int:
    """List jobs: those that wait or run, and what has ended, the newest first.

    They are done by `newsletter serve` and `newsletter worker`. Periodic ones never end; each hour in which
    one of them did something, or failed, is a line of its own.

    \b
    Examples:
      newsletter jobs
      newsletter jobs --kind letters --json
      newsletter jobs --cancel 12
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services import jobs as service

    if number is not None:
        found = [service.cancel(session.workspace, number, "newsletter jobs")]
    else:
        found = list(service.jobs(session.workspace, kind=kind, limit=limit))
    if as_json:
        print_json([asdict(one) for one in found])
        return 0
    if not found:
        say("There are no jobs yet. They are done by: newsletter serve, or newsletter worker")
    for one in found:
        click.echo(_line(session.workspace, one))
    return 0


def _line(workspace: "Workspace", one: "Job") -> str:
    progress = one.progress
    far = f"{progress.done}/{progress.total}" if progress.total else str(progress.done or "")
    state = words("stopping" if one.open and one.cancelled_by else one.state)
    at = words(workspace.local(one.ended_at or one.started_at or one.requested_at))
    begin = (f"{one.id:>6}", at, f"{state:<9}", one.kind)
    return "  ".join(
        filter(None, (*begin, one.key, far, words(progress.words), " ".join(words(one.error).split())))
    )


COMMANDS = {"jobs": jobs}
