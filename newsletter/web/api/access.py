"""Which program asks, and what each route demands of its token: a route without a scope is closed."""

import re
from math import ceil

from flask import Flask, g, request
from werkzeug.exceptions import TooManyRequests

from newsletter.scopes import Scope
from newsletter.services import Workspace, tokens
from newsletter.services.journal import Act, record
from newsletter.services.tokens import Token
from newsletter.web.api.problems import Refused
from newsletter.web.gate import FILES, Gate
from newsletter.web.readers.limits import Counts
from newsletter.web.readers.site import network

_gate = Gate[Scope]()
requires, open_to_all, needed = _gate.requires, _gate.open_to_all, _gate.needed
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_OF_TOKEN, _OF_NETWORK, _WRONG = 600, 1200, 30
"""Requests a minute: of a token, of a network with any tokens, of a network without a valid one."""


def admit(app: Flask) -> None:
    """Let nobody into a view of `app` without its scope, and no program ask too often."""
    app.extensions["counts"] = Counts()
    app.before_request(lambda: _admit(app))


def token() -> Token:
    """Return the token of this request."""
    found: Token = g.token
    return found


def workspace() -> Workspace:
    """Return the workspace with the settings of this moment."""
    found: Workspace = g.workspace
    return found


def journal(act: Act, *, issue: str = "", subject: str = "", **details: str | int) -> None:
    """Record what the program of this request has just done; nothing may hold the address of a reader."""
    actor = tokens.actor_of(token(), network())
    record(workspace(), actor, act, issue=issue, subject=subject, **details)


def _admit(app: Flask) -> None:
    endpoint = request.endpoint
    if endpoint in FILES:
        return
    counts: Counts = app.extensions["counts"]
    _limit(counts, ("network", network()), _OF_NETWORK)
    if endpoint is None:  # an unknown address, or a method that this one does not have
        return
    scope = needed(app, endpoint)
    if scope is None:
        return
    given = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    found = tokens.recognise(workspace(), given[1], network()) if given else None
    if found is None:
        _limit(counts, ("wrong", network()), _WRONG)
        raise Refused("no-token")
    _limit(counts, ("token", found.id), _OF_TOKEN)
    if scope not in found.scopes:
        raise Refused("scope", f"this needs the scope {scope}")
    g.token = found


def _limit(counts: Counts, key: tuple[str, str | int], most: int) -> None:
    """Count a request, and refuse it beyond the limit of a minute."""
    times, seconds = counts.add(key)
    if times > most:
        raise TooManyRequests(retry_after=ceil(seconds))
