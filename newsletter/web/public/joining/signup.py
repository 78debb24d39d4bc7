"""Sign-up: the form, and the same answer for every address, whatever is known of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from newsletter.audience.answers import Answers, first
from newsletter.audience.optin import read_signup, sign_up, wording
from newsletter.audience.ukraine.communities import register_for
from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.store.db import writing
from newsletter.web.public import limits
from newsletter.web.public.joining.frame import EMBED, framed, let_frame
from newsletter.web.public.site import context, database, network, settings

pages = Blueprint("signup", __name__)
pages.after_request(let_frame)

SOONEST, LATEST = timedelta(seconds=3), timedelta(hours=24)
"""How long people take over a form; programs are quicker, and store it for later."""

TRAP = "homepage"
"""The input that people do not see, and so leave empty."""

_Answer = Response | str | tuple[str, int]


@pages.get("/signup")
def form() -> str:
    """Show the form."""
    return page(Answers(), stamp())


@pages.post("/signup")
@limits.forms
def send() -> _Answer:
    """Take the form: show it again for its communities or its faults, else have a letter sent."""
    filled = request.form.to_dict(flat=False)
    words = wording(settings(), g.language)
    answers = read_signup(filled, settings(), words.version)
    given = first(filled, "stamp")
    age = _age(given)
    if first(filled, "step"):
        return page(replace(answers, faults={}), given)
    if age is None or age > LATEST:
        return page(replace(answers, faults={}), stamp(), stale=True), 422
    if answers.faults:
        return page(answers, given), 422
    if age >= SOONEST and not first(filled, TRAP):
        signer, now = context().signer, context().now()
        ip = signer.digest(network())
        source = "embedded form" if framed() else "sign-up page"
        with writing(database()) as connection:
            sign_up(connection, answers, words, now, signer=signer, source=source, ip=ip)
    return redirect(url_for("signup.sent", lang=g.language, **_origin()), 303)


@pages.get("/signup/sent")
def sent() -> str:
    """Say that a letter is on its way, to whoever sent the form."""
    return render_template("sent.html", framed=framed())


def page(answers: Answers, given: str, *, stale: bool = False) -> str:
    """Return the form as it was filled in, with the stamp it was `given`; `stale` when that was too old."""
    return render_template(
        "signup.html",
        answers=answers,
        stamp=given,
        stale=stale,
        trap=TRAP,
        words=wording(settings(), g.language),
        regions=register_for(settings()),
        framed=framed(),
        action=url_for("signup.send", lang=g.language, **_origin()),
    )


def stamp() -> str:
    """Return a signed mark of the present, by which a form's age is known."""
    now = context().now()
    return context().signer.token(Purpose.FORM, int(now.timestamp()), now.date())


def _age(given: str) -> timedelta | None:
    """Return how old a form is; None when its stamp is not ours."""
    try:
        seconds, _ = context().signer.read(Purpose.FORM, given)
    except LinkInvalid:
        return None
    return timedelta(seconds=context().now().timestamp() - seconds)


def _origin() -> dict[str, Any]:
    return {"from": EMBED} if framed() else {}
