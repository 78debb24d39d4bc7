"""The command `serve`: the public pages, and beside them everything that goes out by itself."""

from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session

if TYPE_CHECKING:
    from newsletter.wiring import Context


@click.command()
@click.option("--host", help="Where to listen, instead of serve.host in newsletter.yaml.")
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen, instead of serve.port.")
@pass_session
def serve(session: Session, host: str | None, port: int | None) -> int:
    """Serve the public pages, and send: issues, the weekly one at its hour, and letters.

    It is all that has to run on one machine. For the world put a web server with TLS before it, and tell
    newsletter.yaml so: serve.proxies. Ctrl-C or SIGTERM lets requests and messages on their way finish.

    \b
    Example:
      newsletter serve --port 8080
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.cli.log import keep_log
    from newsletter.cli.sender import sender
    from newsletter.cli.worker import wait_for_database
    from newsletter.web.public.app import create_site
    from newsletter.web.public.server import Server, is_loopback, listen
    from newsletter.wiring.approval import NOBODY_IS_TOLD, nobody_is_told
    from newsletter.wiring.scheduler import insist

    keep_log()
    context = session.context
    where, base_url = context.settings.serve, context.settings.base_url
    with listen(host or where.host, port or where.port) as listening:
        _read_secrets(context)
        wait_for_database(context)
        insist(context)
        with sender(context.root):
            server = Server(create_site(context), listening, base_url)
            name, number, *_ = listening.getsockname()
            click.echo(f"Site: http://{f'[{name}]' if ':' in name else name}:{number} for {base_url}")
            if not is_loopback(name) and not base_url.startswith("https:"):
                click.echo(
                    "base_url does not begin with https: these pages can be read on their way.", err=True
                )
            if nobody_is_told(context):
                click.echo(NOBODY_IS_TOLD, err=True)
            server.run()
    return 0


def _read_secrets(context: "Context") -> None:
    """Read what pages ask for, so that a fault ends the start and not each visit. Raises ConfigError."""
    from newsletter.config import secret

    for name in ("NEWSLETTER_METRICS_TOKEN", "SENDGRID_WEBHOOK_KEY"):
        secret(name)
    context.signer  # noqa: B018  made, or read, by asking for it


COMMANDS = {"serve": serve}
