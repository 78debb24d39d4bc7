"""A program's request with a key is done once: its answer is stored for a day, and given again."""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from newsletter.store import api_answers
from newsletter.store.api_answers import Answer
from newsletter.store.db import writing

if TYPE_CHECKING:
    from newsletter.services import Workspace


class Fresh(Enum):
    """Why there is no stored answer."""

    NEW = "new"
    BUSY = "busy"
    """The same request is being answered at this moment."""
    OTHER = "other"
    """The key was used for another request."""


def begin(workspace: "Workspace", token: int, key: str, said: str, *, personal: bool) -> Answer | Fresh:
    """Return what was answered to the same request before, or why there is no answer.

    `said` is what the request says, of which only a keyed hash is stored. After NEW, `finish` or `release`.
    """
    request = workspace.signer.digest(said)
    with writing(workspace.database) as connection:
        found = api_answers.begin(connection, token, key, request, workspace.now(), personal=personal)
    if found is None:
        return Fresh.NEW
    if found.request != request:
        return Fresh.OTHER
    return found if found.status else Fresh.BUSY


def finish(  # noqa: PLR0913  what is stored of an answer
    workspace: "Workspace", token: int, key: str, *, status: int, headers: Mapping[str, str], body: str
) -> None:
    """Store an answer."""
    with writing(workspace.database) as connection:
        api_answers.finish(connection, token, key, status=status, headers=headers, body=body)


def release(workspace: "Workspace", token: int, key: str) -> None:
    """Forget a request that failed, so that it can be made again."""
    with writing(workspace.database) as connection:
        api_answers.release(connection, token, key)
