"""Who is at the desk, and what each page demands of them: a route without a role is closed to everybody."""

from collections.abc import Callable

from flask import Flask, abort, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.parts import Editor
from newsletter.config.types import Role
from newsletter.errors import Message
from newsletter.i18n import said
from newsletter.services import Workspace
from newsletter.services.journal import Act, Actor, record
from newsletter.web.gate import FILES, Gate
from newsletter.web.readers.site import network

_gate = Gate[Role]()
requires, open_to_all, needed = _gate.requires, _gate.open_to_all, _gate.needed
_SMALL = 64 << 10  # maximum size in bytes of what somebody sends who is not signed in


def admit(app: Flask, who: Callable[[], Editor | None]) -> None:
    """Let nobody into a view of `app` without its role; `who` returns the person of the current request."""
    app.before_request(lambda: _admit(who))


def editor() -> Editor:
    """Return the person at the desk: name, address, role."""
    found: Editor = g.editor
    return found


def may(endpoint: str) -> bool:
    """Tell whether a page exists and the person of this request may open it."""
    if endpoint not in current_app.view_functions:
        return False
    role = needed(current_app, endpoint)
    return role is None or (g.editor is not None and g.editor.role.covers(role))


def workspace() -> Workspace:
    """Return the workspace with the settings of this moment."""
    found: Workspace = g.workspace
    return found


def look_again() -> Workspace:
    """Return the workspace with the settings of now, in a request that has waited."""
    g.workspace = current_app.extensions["live"].current()
    return workspace()


def say(message: str, kind: str = "done", **values: object) -> None:
    """Show a message at the top of the next page; `kind` is done, warning or error.

    `message` is English and in the catalogs, and `values` fill its placeholders.
    """
    flash(said(Message(message, **values), g.language), kind)


def journal(act: Act, *, issue: str = "", subject: str = "", **details: str | int) -> None:
    """Record what the person of this request has just done; `subject` is an item's name or a reader's number.

    Nothing may hold the address of a reader.
    """
    person = editor()
    actor = Actor(address=person.address, name=person.shown, network=network())
    record(workspace(), actor, act, issue=issue, subject=subject, **details)


def _admit(who: Callable[[], Editor | None]) -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint in FILES:
        return None
    g.editor = who()
    if g.editor is None:
        request.max_content_length = _SMALL
    if endpoint is None:  # an unknown address, or a method that this one does not have
        return None
    role = needed(current_app, endpoint)
    if role is None:
        return None
    if g.editor is None:
        return _to_the_door()
    if not g.editor.role.covers(role):
        abort(403)
    return None


def _to_the_door() -> ResponseReturnValue:
    """Lead somebody who opens a page to the sign-in; a script that asks for data is only refused."""
    door = "sign_in.form"
    navigates = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if door not in current_app.view_functions or not navigates:
        abort(401)
    back = request.script_root + request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(door, next=back), 303)
