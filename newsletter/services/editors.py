"""The people at the desk: those of newsletter.yaml, and whoever opens it on their own machine."""

import getpass
from typing import TYPE_CHECKING

from newsletter.config.parts import Editor
from newsletter.config.types import Role

if TYPE_CHECKING:
    from newsletter.config import Settings
    from newsletter.services import Workspace


def whoever_is_here(workspace: "Workspace") -> Editor:
    """Return the person who runs this process, with every right.

    Where newsletter.yaml names one person, it is that one; otherwise the login name, under the address that
    answers to mail go to.
    """
    if len(workspace.settings.editors) == 1:
        return workspace.settings.editors[0].model_copy(update={"role": Role.OPERATOR})
    sender = workspace.settings.sender
    return Editor(
        name=login_name() or sender.name, address=sender.reply_to or sender.address, role=Role.OPERATOR
    )


def login_name() -> str:
    """Return the login name of whoever runs this process, or an empty string in a container without names."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # OSError from Python 3.13 on
        return ""


def is_overheard(settings: "Settings", *, loopback: bool) -> bool:
    """Tell whether others on the network can read what `serve` is sent: sessions, and tokens of programs.

    `loopback` tells whether it listens on a loopback address; behind a proxy that is no answer, as the proxy
    has its own.
    """
    return not settings.base_url.startswith("https:") and (not loopback or bool(settings.serve.proxies))


def why_no_desk(settings: "Settings", *, loopback: bool) -> str:
    """Return why `serve` must not offer the desk, and with it the API, or an empty string if it may."""
    if not is_overheard(settings, loopback=loopback):
        return ""
    return (
        "Desk and API are not offered: base_url does not begin with https, and others could read who signs"
        " in.\n"
        "  Put TLS in front and correct base_url (docs/operating.md), or use `newsletter desk` here."
    )
