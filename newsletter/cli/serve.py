"""The command `serve`: the public pages, and alongside them all automatic sending."""

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from newsletter.cli import Session, pass_session
from newsletter.cli.output import say
from newsletter.errors import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

    from flask import Flask

    from newsletter.config.parts import Serve
    from newsletter.services import Workspace

_ABOVE = 1000  # the health port is so much above the pages' port, unless newsletter.yaml sets one
_LAST_PORT = 65535


@click.command()
@click.option("--host", help="The host to listen on, instead of serve.host in newsletter.yaml.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on, instead of serve.port.")
@pass_session
def serve(session: Session, host: str | None, port: int | None) -> int:
    """Serve the public pages, and send: issues, the weekly one at its hour, and letters.

    On a single machine nothing else has to run. For access from the internet put a web server with TLS in
    front of it, and set serve.proxies. Ctrl-C or SIGTERM lets requests and messages in flight finish.

    \b
    Example:
      newsletter serve --port 8080
    """  # noqa: D301  click's mark for text that is not re-wrapped
    from newsletter.cli.log import keep_log
    from newsletter.cli.sender_process import sender
    from newsletter.cli.worker_loop import wait_for_database
    from newsletter.services.schedule import NO_EDITORS_TO_NOTIFY, lacks_editors
    from newsletter.services.scheduler import insist
    from newsletter.web.readers.app import create_site
    from newsletter.web.readers.server import Server, is_loopback, listen, watched
    from newsletter.web.readers.status import create_status

    keep_log()
    workspace = session.workspace
    where, base_url = workspace.settings.serve, workspace.settings.base_url
    with listen(host or where.host, port or where.port) as listening, _door(where, listening) as door:
        _read_secrets(workspace)
        wait_for_database(workspace)
        insist(workspace)
        with sender(workspace.root), ExitStack() as stack:
            name = listening.getsockname()[0]
            site = create_site(workspace)
            metrics = site.extensions["metrics"]
            desk = _add_desk(workspace, site, loopback=is_loopback(name))
            programs = _add_api(workspace, site, loopback=is_loopback(name))
            server = Server(site, listening, base_url, proxies=where.proxies, registry=metrics, desk=desk)
            site_at = _authority(listening)
            say(Message("Site: http://%(authority)s for %(base_url)s", authority=site_at, base_url=base_url))
            if door:
                stack.enter_context(watched(create_status(workspace, metrics), door))
                say(Message("Health: http://%(authority)s/health", authority=_authority(door)))
            if desk:
                once = Message(", once newsletter.yaml names `editors`")
                people = "" if workspace.settings.editors else once
                address = f"{base_url}{desk}"
                say(Message("Desk: %(desk)s%(people)s", desk=address, people=people))
            if programs:
                say(Message("API: %(base_url)s%(programs)s", base_url=base_url, programs=programs))
            if not is_loopback(name) and not base_url.startswith("https:"):
                say(
                    "base_url does not begin with https: the pages are not encrypted on the network.",
                    err=True,
                )
            if lacks_editors(workspace):
                say(NO_EDITORS_TO_NOTIFY, err=True)
            server.run()
    return 0


def _add_desk(workspace: "Workspace", site: "Flask", *, loopback: bool) -> str:
    """Offer the desk beside the pages, unless others could read what is said there; return its path."""
    from newsletter.services.editors import why_no_desk
    from newsletter.web.desk.app import PREFIX, create_desk
    from newsletter.web.readers.app import beside

    refusal = why_no_desk(workspace.settings, loopback=loopback)
    if refusal:
        say(refusal, err=True)
        return ""
    beside(site, create_desk(workspace, single=None), PREFIX)
    return f"{PREFIX}/"


def _add_api(workspace: "Workspace", site: "Flask", *, loopback: bool) -> str:
    """Offer the API beside the pages, unless others could read its tokens; return its path."""
    from newsletter.services.editors import is_overheard
    from newsletter.web.api.app import create_api
    from newsletter.web.api.versions import PREFIX
    from newsletter.web.readers.app import beside

    if is_overheard(workspace.settings, loopback=loopback):
        return ""
    beside(site, create_api(workspace), PREFIX)
    return f"{PREFIX}/reference"


@contextmanager
def _door(where: "Serve", pages: "socket") -> "Iterator[socket | None]":
    """Listen on the port for health and metrics; yield None if it is 0, or the default one is taken.

    Raises ConfigError when a port that newsletter.yaml names cannot be used.
    """
    from newsletter.errors import ConfigError
    from newsletter.web.readers.server import listen

    port = pages.getsockname()[1]
    number = port + (_ABOVE if port + _ABOVE <= _LAST_PORT else -_ABOVE)
    if where.health_port is not None:
        number = where.health_port
    if not number:
        yield None
        return
    try:
        listening = listen(where.health_host, number)
    except ConfigError as error:
        if where.health_port is not None:
            raise ConfigError(
                Message("serve.health_port: %(error)s", error=error),
                "Name another port there, or 0 for none.",
            ) from None
        say(Message("Health is available on the pages' port only: %(error)s.", error=error), err=True)
        yield None
        return
    with listening:
        yield listening


def _authority(listening: "socket") -> str:
    """Return the address of a listening socket as the authority of a URL."""
    name, number, *_ = listening.getsockname()
    return f"[{name}]:{number}" if ":" in name else f"{name}:{number}"


def _read_secrets(workspace: "Workspace") -> None:
    """Read the secrets that pages need, so that an error stops the start. Raises ConfigError."""
    from newsletter.config.secrets import secret
    from newsletter.services.feedback import read_provider_keys
    from newsletter.services.webhooks.posting import receivers

    secret("NEWSLETTER_METRICS_TOKEN")
    read_provider_keys(workspace)
    receivers(workspace)
    workspace.signer  # noqa: B018  accessing it creates or reads the secret


COMMANDS = {"serve": serve}
