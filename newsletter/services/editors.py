"""The people at the desk: those of newsletter.yaml, and whoever opens it on their own machine."""

import getpass
from typing import TYPE_CHECKING

from newsletter.config.parts import Editor
from newsletter.config.types import Role

if TYPE_CHECKING:
    from newsletter.services import Workspace


def whoever_is_here(workspace: "Workspace") -> Editor:
    """Return the person who runs this process, with every right.

    Where newsletter.yaml names one person, it is that one; otherwise the login name, under the address that
    answers to mail go to.
    """
    if len(workspace.settings.editors) == 1:
        return workspace.settings.editors[0].model_copy(update={"role": Role.OPERATOR})
    sender = workspace.settings.sender
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name; OSError from Python 3.13 on
        name = sender.name
    return Editor(name=name, address=sender.reply_to or sender.address, role=Role.OPERATOR)
