"""Sign in and out: ask for a link by mail, open it in the same browser, and press its button."""

import re
from secrets import token_urlsafe
from urllib.parse import urlsplit

from flask import Blueprint, abort, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from newsletter.audience.forms import read_address
from newsletter.config.parts import Editor
from newsletter.config.types import Role
from newsletter.errors import LinkInvalid
from newsletter.services import sign_in
from newsletter.services.journal import Act, Actor, record
from newsletter.web.desk.access import journal, open_to_all, requires, workspace
from newsletter.web.readers.site import network, networks

pages = Blueprint("sign_in", __name__)

_SECRET, _BROWSER, _NEXT = "secret", "browser", "next"
"""Keys of the signed cookie: the secret of the session, of the browser, and the page to go on to."""
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac", "Linux")


def whoever_is_signed_in() -> Editor | None:
    """Return the person of this request's session, with the role of this moment."""
    secret = session.get(_SECRET)
    found = sign_in.current(workspace(), secret) if secret else None
    if found is None:
        session.pop(_SECRET, None)
        return None
    person, g.session = found
    return person


def welcome(person: Editor, secret: str, how: str) -> ResponseReturnValue:
    """Give the browser a fresh cookie for the session of `person`, and lead on to the page they wanted."""
    back, language = session.get(_NEXT), session.get("language")
    session.clear()  # nothing that was in the cookie before, its form token too, is of use afterwards
    session[_SECRET] = secret
    if language:
        session["language"] = language
    actor = Actor(address=person.address, name=person.shown, network=network())
    record(workspace(), actor, Act.SIGNED_IN, how=how)
    return redirect(back or url_for("desk.home"), 303)


@pages.get("/sign-in")
@open_to_all
def form() -> ResponseReturnValue:
    """Show the form; somebody who is signed in has no use for it."""
    if g.editor:
        return redirect(url_for("desk.home"))
    if back := _inside(request.args.get("next", "")):
        session[_NEXT] = back
    return _form()


@pages.post("/sign-in")
@open_to_all
def ask() -> ResponseReturnValue:
    """Mail a link if the address is an editor's; the answer is the same either way."""
    address, fault = read_address(request.form.to_dict(flat=False), "email")
    if fault:
        return _form(address=address, fault=fault), 422
    browser = session.setdefault(_BROWSER, token_urlsafe(32))
    if not sign_in.ask(workspace(), address, browser, _site(), g.language):
        abort(429)
    return redirect(url_for("sign_in.sent"), 303)


@pages.get("/sign-in/sent")
@open_to_all
def sent() -> str:
    """Say that the link is on its way."""
    return render_template("sign_in_sent.html")


@pages.get("/sign-in/<token>")
@open_to_all
def link(token: str) -> ResponseReturnValue:
    """Show the button in the browser that asked; opening the link changes nothing."""
    try:
        opens = sign_in.opens(workspace(), token, session.get(_BROWSER, ""))
    except LinkInvalid:
        opens = False
    return render_template("sign_in_link.html", opens=opens, token=token), 200 if opens else 404


@pages.post("/sign-in/<token>")
@open_to_all
def confirm(token: str) -> ResponseReturnValue:
    """Sign in, once."""
    try:
        secret, person = sign_in.enter(workspace(), token, session.get(_BROWSER, ""), system(), network())
    except LinkInvalid:
        return render_template("sign_in_link.html", opens=False, token=""), 404
    return welcome(person, secret, "link")


@pages.post("/sign-out")
@requires(Role.EDITOR)
def leave() -> ResponseReturnValue:
    """End this session."""
    sign_in.end(workspace(), [g.session.id])
    journal(Act.SIGNED_OUT)
    session.clear()
    return redirect(url_for("sign_in.form"), 303)


def _site() -> str:
    """Return the network that is counted as one: an IPv4 /24, or an IPv6 /48, which one customer may have."""
    found = networks()
    return found[max(0, len(found) - 2)]


def _form(*, address: str = "", fault: str = "") -> str:
    provider = workspace().settings.oidc is not None
    return render_template("sign_in.html", address=address, fault=fault, provider=provider)


def _inside(address: str) -> str:
    """Return `address` if it is a page of the desk, else an empty string: links may come from anywhere."""
    start = url_for("desk.home")
    parts = urlsplit(address)
    whole = address.isprintable() and "\\" not in address and not parts.scheme and not parts.netloc
    return address if whole and address.startswith(start) else ""


def system() -> str:
    """Return the visitor's browser and its system, as the list of sessions shows them: «Firefox, Windows»."""
    agent = request.user_agent.string
    browser = next((name for mark, name in _BROWSERS.items() if re.search(rf"\b{mark}\w*/", agent)), "")
    machine = next((name for name in _SYSTEMS if name in agent), "")
    return ", ".join(filter(None, (browser, machine)))
