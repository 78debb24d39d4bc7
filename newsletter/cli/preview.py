"""The command `preview`: show an issue in the browser as readers will see it, updated while it is edited."""

from datetime import date

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.arguments import closing
from newsletter.cli.output import say
from newsletter.errors import Message


@click.command()
@closing()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="The port; if it is taken, the next free one.",
)
@click.option("--open", "in_browser", is_flag=True, help="Open it in the browser.")
@pass_session
def preview(session: Session, closing: date | None, port: int, in_browser: bool) -> int:
    """Show issue D in the browser, each edition as its readers will see it.

    The page reloads at every change of the items, the theme and newsletter.yaml. Only this machine can open
    it. Ctrl-C ends it.

    \b
    Example:
      newsletter preview 2025-02-14 --open
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.web.preview.app import create_preview
    from newsletter.web.preview.proofs import Proofs
    from newsletter.web.preview.reload import Watch
    from newsletter.web.preview.server import HOST, listen, serve

    proofs = Proofs(session.workspace)
    with listen(port) as listening, Watch(proofs.folders) as watch:
        address = f"http://{HOST}:{listening.getsockname()[1]}/{closing or ''}"
        say(Message("Preview: %(address)s\nChanges appear by themselves. Ctrl-C ends it.", address=address))
        if in_browser:
            click.launch(address)
        serve(create_preview(proofs, watch), listening)
    return 0


COMMANDS = {"preview": preview}
