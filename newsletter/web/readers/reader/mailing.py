"""The way to one's own page for who has no letter at hand: the link is mailed, never shown."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from newsletter.audience import networks as queue
from newsletter.audience.forms import read_address
from newsletter.audience.stepup import mail_link
from newsletter.slots import COPY
from newsletter.store.db import writing
from newsletter.web.readers import limits
from newsletter.web.readers.site import context, database, networks

pages = Blueprint("mailing", __name__)


@pages.get("/link")
def form() -> str:
    """Show the form."""
    return _form()


@pages.get(f"/preferences/{COPY}")
@pages.get(f"/unsubscribe/{COPY}")
def copy() -> str:
    """Say where the links of a letter are, to whoever pressed one in its copy on the web."""
    return _form(copy=True)


@pages.post("/link")
@limits.forms
def ask() -> Response | tuple[str, int]:
    """Mail the link, if a reader has this address; the answer is the same whoever has it."""
    email, fault = read_address(request.form.to_dict(flat=False), "email")
    if fault:
        return _form(email=email, fault=fault), 422
    now = context().now()
    with writing(database()) as connection:
        turn = queue.turn(connection, networks(), context().signer, now.timestamp())
        mail_link(connection, email, g.language, now, turn=turn)
    return redirect(url_for("mailing.sent", lang=g.language), 303)


@pages.get("/link/sent")
def sent() -> str:
    """Say that a link is on its way, to whoever sent the form."""
    return render_template("mailed.html", address="")


def _form(*, copy: bool = False, email: str = "", fault: str = "") -> str:
    return render_template("link.html", copy=copy, email=email, fault=fault)
