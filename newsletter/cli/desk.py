"""The command `desk`: the editors' desk in the browser for one person, on this machine."""

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.output import say
from newsletter.errors import Message


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8010,
    show_default=True,
    help="The port; if it is taken, the next free one.",
)
@click.option("--open", "in_browser", is_flag=True, help="Open it in the browser.")
@pass_session
def desk(session: Session, port: int, in_browser: bool) -> int:
    """Open the desk, where an issue is made, checked, approved and sent, for one person.

    Only this machine can open it, and nobody signs in: who can start this command may do everything. For
    several people run `newsletter serve`, which has the desk under /desk behind sign-in. Ctrl-C ends it.

    \b
    Example:
      newsletter desk --open
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.services.editors import whoever_is_here
    from newsletter.services.jobs.runner import doing_requested
    from newsletter.web.desk.app import PREFIX, create_desk
    from newsletter.web.preview.server import HOST, listen, serve

    workspace = session.workspace
    with listen(port) as listening:
        address = f"http://{HOST}:{listening.getsockname()[1]}{PREFIX}/"
        app = create_desk(workspace, single=whoever_is_here(workspace))
        say(Message("Desk: %(address)s\nCtrl-C ends it.", address=address))
        if in_browser:
            click.launch(address)
        with doing_requested(workspace):
            serve(app, listening)
    return 0


COMMANDS = {"desk": desk}
