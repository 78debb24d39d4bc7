"""The command `collect`: the week's news from the sources of newsletter.yaml, into the inbox."""

from dataclasses import asdict

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.output import print_json, some
from newsletter.cli.progress import progress


@click.command()
@as_json
@pass_session
def collect(session: Session, as_json: bool) -> int:
    """Collect the week's news into the inbox, from `collect` in newsletter.yaml.

    Feeds and pages are read side by side; folders and mailboxes after them. What the inbox or an issue has
    already, or an editor dismissed, is not brought again. Nothing is published without an editor.

    \b
    Example:
      newsletter collect
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.collect import collect as service

    sources = session.workspace.settings.collect
    with progress(len(sources), "Sources") as advance:
        found = service(session.workspace, progress=lambda done, _of: advance(done))
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            counts = {"known": one.known, "older": one.old, "about something else": one.unmatched}
            rest = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
            words = f"{some(len(one.new), 'new item')}{f'; {rest}' if rest else ''}"
            click.echo(f"{one.source}: {one.failed or words}", err=bool(one.failed))
        if not sources:
            click.echo("newsletter.yaml names no sources: collect: [{feed: https://…, section: …}]")
    return FINDINGS if any(one.failed for one in found) else 0


COMMANDS = {"collect": collect}
