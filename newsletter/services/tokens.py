"""Tokens of programs that use the API: made and shown once, recognised, listed, revoked."""

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError, Message
from newsletter.scopes import Scope
from newsletter.services.journal import Act, Actor, at_the_terminal, record
from newsletter.store import tokens
from newsletter.store.db import reading, timestamp, writing
from newsletter.store.tokens import Token
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from newsletter.services import Workspace

__all__ = ["MARK", "Token", "actor_of", "create", "every", "recognise", "revoke"]

MARK = "nlt"
"""With which a token begins, so that programs that look for leaked secrets can find one."""
LONGEST = timedelta(days=730)
"""For how long a token is good at most."""
_LONGEST_NAME = 60
_SECRET = 32  # bytes at random: 256 bits need no slow hash
_TOKEN = re.compile(rf"{MARK}_([0-9]{{1,18}})_([A-Za-z0-9_-]{{43}})")


def create(
    workspace: "Workspace", name: str, scopes: Collection[str], lifetime: timedelta, by: str = ""
) -> tuple[str, Token]:
    """Make a token, and return its text, which is stored nowhere, and what is stored.

    Raises ConfigError for a name that is empty, long or in use, an unknown scope, or a wrong lifetime.
    """
    name, wanted = " ".join(name.split()), _scopes(scopes)
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ConfigError(
            Message(
                "a token needs a name of at most %(longest_name)s characters", longest_name=_LONGEST_NAME
            ),
            "Name the program that uses it.",
        )
    if not timedelta(0) < lifetime <= LONGEST:
        raise ConfigError(
            Message("a token is good for 1 to %(days)s days", days=LONGEST.days),
            "Make another one before it ends.",
        )
    secret, now = token_urlsafe(_SECRET), workspace.now()
    actor = at_the_terminal(by)
    with writing(workspace.database) as connection:
        if any(
            one.name.casefold() == name.casefold() and one.is_open(now) for one in tokens.every(connection)
        ):
            raise ConfigError(
                Message("there is a token named %(name)r", name=name),
                "Revoke it, or choose another name: newsletter token list",
            )
        number = tokens.put(
            connection,
            name=name,
            digest=_digest(secret),
            scopes=wanted,
            by=actor.name,
            now=now,
            expires_at=now + lifetime,
        )
        made = tokens.find(connection, number)
    assert made  # noqa: S101  it was stored in this transaction
    record(
        workspace, actor, Act.TOKEN_CREATED, subject=str(number), name=name, scopes=" ".join(sorted(wanted))
    )
    return f"{MARK}_{number}_{secret}", made


def every(workspace: "Workspace") -> Sequence[Token]:
    """Return all tokens, the oldest first; those that ended stay for a month."""
    with reading(workspace.readable) as connection:
        return tokens.every(connection)


def revoke(workspace: "Workspace", name: str, by: str = "") -> Token:
    """End the token with this name or number at once. Raises ConfigError when no open one has it."""
    now = workspace.now()
    with writing(workspace.database) as connection:
        open_ = [one for one in tokens.every(connection) if one.is_open(now)]
        found = next((one for one in open_ if name in (one.name, str(one.id))), None)
        if found is None:
            raise ConfigError(
                Message("there is no token %(name)r to revoke", name=name),
                nearest(name, [one.name for one in open_]),
            )
        tokens.revoke(connection, found.id, now)
    record(workspace, at_the_terminal(by), Act.TOKEN_REVOKED, subject=str(found.id), name=found.name)
    return found


def recognise(workspace: "Workspace", text: str, network: str) -> Token | None:
    """Return the open token with this text, or None; its use from `network` is recorded now and then.

    The secret's hash is compared in constant time, also where no such token exists.
    """
    given = _TOKEN.fullmatch(text)
    now = workspace.now()
    number, secret = (int(given[1]), given[2]) if given else (0, "")
    with reading(workspace.database) as connection:
        found = tokens.find(connection, number)
    same = compare_digest(found.digest if found else bytes(32), _digest(secret))
    if not found or not same or not found.is_open(now):
        return None
    if found.seen_from != network or found.seen_at <= timestamp(now - tokens.SEEN_EVERY):
        with writing(workspace.database) as connection:
            tokens.seen(connection, found.id, network, now)
    return found


def actor_of(token: Token, network: str) -> Actor:
    """Return who acts, in the words of the journal, when a program uses `token`."""
    return Actor(name=f"{token.name} (token {token.id})", network=network)


def _scopes(given: Collection[str]) -> frozenset[Scope]:
    known = [scope.value for scope in Scope]
    for one in given:
        if one not in known:
            raise ConfigError(Message("there is no scope %(one)r", one=one), nearest(one, known))
    if not given:
        raise ConfigError("a token needs a scope", Message("Scopes are: %(known)s.", known=", ".join(known)))
    return frozenset(map(Scope, given))


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
