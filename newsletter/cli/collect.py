"""The command `collect`: the week's news from the sources of newsletter.yaml, into the inbox."""

from dataclasses import asdict

import click

from newsletter.cli import FINDINGS, Session, pass_session
from newsletter.cli.arguments import as_json
from newsletter.cli.language import words
from newsletter.cli.output import listed, print_json, say
from newsletter.cli.progress import progress
from newsletter.errors import counted


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
            counts = (
                counted("%(num)d new item", "%(num)d new items", len(one.new)),
                one.known and counted("%(num)d known", "%(num)d known", one.known),
                one.old and counted("%(num)d older", "%(num)d older", one.old),
                one.unmatched
                and counted("%(num)d about something else", "%(num)d about something else", one.unmatched),
            )
            shown = words(one.failed) if one.failed else listed(filter(None, counts))
            click.echo(f"{one.source}: {shown}", err=bool(one.failed))
        if not sources:
            say("newsletter.yaml names no sources: collect: [{feed: https://…, section: …}]")
    return FINDINGS if any(one.failed for one in found) else 0


COMMANDS = {"collect": collect}
