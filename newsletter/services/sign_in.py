"""Sign-in at the desk: a link by mail, once, in the browser that asked; and the sessions that follow."""

from collections.abc import Collection, Sequence
from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.store import letters, rate_limits, sign_ins
from newsletter.store.db import reading, writing
from newsletter.store.letters import SIGN_IN, Lane
from newsletter.store.rate_limits import Rate
from newsletter.store.sign_ins import Session

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from newsletter.config.parts import Editor
    from newsletter.services import Workspace

SCOPES = "desk:"
"""Prefix of the rate limits of sign-in."""
_OF_NETWORK = Rate(span=360, burst=20)
_OF_ADDRESS = Rate(span=300, burst=30)
"""Links a network may ask for, and links an address may get: one network alone cannot use up an address."""


def ask(workspace: "Workspace", address: str, browser: str, network: str, language: str) -> bool:
    """Mail a link to `address` if it is an editor's; return False when the network has asked too often.

    `browser` is the secret of the browser that asks. The work is the same whatever is known of the address.
    """
    now, signer = workspace.now(), workspace.signer
    editor = workspace.settings.editor(address)
    scopes = [f"{SCOPES}{signer.digest(text).hex()}" for text in (network, address.casefold())]
    with writing(workspace.database) as connection:
        turns = [
            rate_limits.spare(connection, scope, rate, now.timestamp(), for_update=True)
            for scope, rate in zip(scopes, (_OF_NETWORK, _OF_ADDRESS), strict=True)
        ]
        if not turns[0]:
            return False
        rate_limits.spend(connection, scopes[0], _OF_NETWORK, 1, now.timestamp())
        if not turns[1]:
            return True
        rate_limits.spend(connection, scopes[1], _OF_ADDRESS, 1, now.timestamp())
        letter = None
        if editor:
            letter = letters.put(
                connection,
                kind=SIGN_IN,
                email=editor.address,
                language=language,
                request=None,
                now=now,
                lane=Lane.EDITOR,
            )
        sign_ins.put(connection, editor.address if editor else "", hashed(browser), letter, now)
    return True


def opens(workspace: "Workspace", token: str, browser: str) -> bool:
    """Tell whether a link opens in this browser; changes nothing, as scanners of mail follow links too."""
    number = _number(workspace, token)
    with reading(workspace.database) as connection:
        return sign_ins.usable(connection, number, hashed(browser), workspace.now())


def enter(
    workspace: "Workspace", token: str, browser: str, system: str, network: str
) -> tuple[str, "Editor"]:
    """Use up a link and begin a session; return its secret, and who signed in. Raises LinkInvalid."""
    number, now = _number(workspace, token), workspace.now()
    with writing(workspace.database) as connection:
        address = sign_ins.use(connection, number, hashed(browser), now)
        editor = workspace.settings.editor(address) if address else None
        if editor is None:
            raise LinkInvalid("this link was used, is too old, or belongs to another browser")
        return _begin(workspace, connection, editor, system, network), editor


def begin(workspace: "Workspace", editor: "Editor", system: str, network: str) -> str:
    """Begin the session of somebody whose identity is proven, and return its secret."""
    with writing(workspace.database) as connection:
        return _begin(workspace, connection, editor, system, network)


def _begin(
    workspace: "Workspace", connection: "Connection", editor: "Editor", system: str, network: str
) -> str:
    secret = token_urlsafe(32)
    sign_ins.begin(
        connection,
        hashed(secret),
        address=editor.address,
        browser=system,
        network=network,
        now=workspace.now(),
    )
    return secret


def current(workspace: "Workspace", secret: str) -> "tuple[Editor, Session] | None":
    """Return whose session a secret opens, and the session; None once it has ended.

    Somebody who no longer stands in newsletter.yaml has no session any more; a role is the one of now.
    """
    now = workspace.now()
    with reading(workspace.database) as connection:
        session = sign_ins.find(connection, hashed(secret), now)
    if session is None:
        return None
    editor = workspace.settings.editor(session.address)
    if editor is None:
        end(workspace, [session.id])
        return None
    if sign_ins.stale(session, now):
        with writing(workspace.database) as connection:
            sign_ins.seen(connection, session.id, now)
    return editor, session


def sessions(workspace: "Workspace", address: str | None = None) -> Sequence[Session]:
    """Return the sessions that have not ended, of one person or of everybody."""
    with reading(workspace.database) as connection:
        return sign_ins.sessions(connection, workspace.now(), address)


def end(workspace: "Workspace", numbers: Collection[int]) -> None:
    """End sessions at once."""
    with writing(workspace.database) as connection:
        sign_ins.end(connection, numbers)


def prune(workspace: "Workspace") -> None:
    """Delete requests, sessions and rate limits that are too old to be of use."""
    now = workspace.now()
    with writing(workspace.database) as connection:
        sign_ins.prune(connection, now)
        rate_limits.prune(connection, SCOPES, now.timestamp())


def hashed(secret: str) -> bytes:
    """Return the hash of a secret of 256 random bits, as the database holds it."""
    return sha256(secret.encode()).digest()


def _number(workspace: "Workspace", token: str) -> int:
    number, _ = workspace.signer.read(Purpose.SIGN_IN, token)
    return number
