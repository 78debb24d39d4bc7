"""For readers without a message at hand: mail them the link to their own page; it is never shown."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from newsletter.audience import networks as queue
from newsletter.audience.forms import read_address
from newsletter.audience.stepup import mail_link
from newsletter.slots import COPY
from newsletter.store.db import writing
from newsletter.web.readers import limits
from newsletter.web.readers.site import database, networks, workspace

pages = Blueprint("mailing", __name__)


@pages.get("/link")
def form() -> str:
    """Show the form."""
    return _form()


@pages.get(f"/preferences/{COPY}")
@pages.get(f"/unsubscribe/{COPY}")
def copy() -> str:
    """Explain where to find the links, to someone who followed one in the web copy of an issue."""
    return _form(copy=True)


@pages.post("/link")
@limits.forms
def ask() -> Response | tuple[str, int]:
    """Mail the link if a reader has this address; the answer is the same either way."""
    email, fault = read_address(request.form.to_dict(flat=False), "email")
    if fault:
        return _form(email=email, fault=fault), 422
    now = workspace().now()
    with writing(database()) as connection:
        turn = queue.turn(connection, networks(), workspace().signer, now.timestamp())
        mail_link(connection, email, g.language, now, turn=turn)
    return redirect(url_for("mailing.sent", lang=g.language), 303)


@pages.get("/link/sent")
def sent() -> str:
    """Say that the link is on its way; the page follows the form."""
    return render_template("mailed.html", address="")


def _form(*, copy: bool = False, email: str = "", fault: str = "") -> str:
    return render_template("link.html", copy=copy, email=email, fault=fault)
