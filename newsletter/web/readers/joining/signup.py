"""The sign-up form; its answer is the same for every address, so it does not reveal who is subscribed."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from prometheus_client import Counter
from werkzeug.wrappers import Response

from newsletter.audience.forms import Answers, first
from newsletter.audience.optin import read_signup, wording
from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.redaction import masked
from newsletter.services import signup
from newsletter.web.readers import limits
from newsletter.web.readers.joining.plain_form import on_site, plain_form, preset, proven, site_origin
from newsletter.web.readers.site import network, networks, settings, workspace
from newsletter.web.templates import regions

EMBED = "embed"
"""Value of the `from` parameter of an embedded form."""

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"

pages = Blueprint("signup", __name__)
embedded = Blueprint(EMBED, __name__)

SOONEST, LATEST = timedelta(seconds=3), timedelta(hours=24)
"""Age of a form that is accepted: bots submit it sooner, or store it for later."""

TRAP = "homepage"
"""Name of the honeypot input: people do not see it, and so leave it empty."""

WAITS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 360)
"""Delays in minutes that the page may announce; when the letter would take longer, the form is refused."""

_SOON = 3 * 60  # seconds: up to this delay the page says "in a few minutes"
_LATER = 3600  # Retry-After in seconds of a refused form

_Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]
_log = logging.getLogger(__name__)


def framed() -> bool:
    """Tell whether the current page is embedded in a frame."""
    return request.blueprint == EMBED or request.args.get("from") == EMBED


@pages.after_request
@embedded.after_request
def let_frame(response: Response) -> Response:
    """Allow the association's site, and no other, to embed the page (CSP frame-ancestors)."""
    if framed():
        ancestors = f"'self' {site_origin()}".rstrip()
        response.headers["Content-Security-Policy"] = f"{_POLICY}; frame-ancestors {ancestors}"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@pages.record_once
def _measure(state: BlueprintSetupState) -> None:
    """Register the metric that counts valid forms that were refused."""
    state.app.extensions["forms_refused"] = Counter(
        "newsletter_forms_refused",
        "Valid sign-up forms refused: too quick, honeypot filled in, or too many waiting",
        ["reason"],
        registry=state.app.extensions["metrics"],
    )


@pages.get("/signup")
def form() -> str:
    """Show the form."""
    return page(preset(), stamp())


@embedded.get("/embed", endpoint="form")
def embedded_form() -> str:
    """Show the form for a frame on the association's own site; the answer appears in the frame too."""
    return page(preset(), stamp())


@embedded.get("/embed/plain", endpoint="plain")
def form_to_paste() -> Response:
    """Return a form without a frame, for a page of the association's own site."""
    return plain_form(TRAP)


@pages.post("/signup")
@limits.forms
def send() -> _Answer:
    """Handle the form: show it again to list communities or errors, else queue the opt-in letter."""
    filled = request.form.to_dict(flat=False)
    words = wording(settings(), g.language)
    answers = read_signup(filled, settings(), words.version)
    given = first(filled, "stamp")
    age = _age(given)
    if first(filled, "step"):
        return page(replace(answers, faults={}), given)
    if not given and proven():
        given, age = stamp(), SOONEST
    if age is None or age > LATEST:
        notice, status = ("again", 200) if not given and on_site() else ("stale", 422)
        return page(replace(answers, faults={}), stamp(), notice=notice), status
    if answers.faults:
        return page(answers, given), 422
    if age < SOONEST or first(filled, TRAP):
        _refuse("quick" if age < SOONEST else "trap", answers)
        return page(answers, given, notice="quick"), 422
    source = "embedded form" if framed() else "form on the site" if proven() else "sign-up page"
    seconds = signup.ask(workspace(), answers, words, source=source, networks=networks())
    if seconds > signup.LONGEST:
        _refuse("crowded", answers)
        return page(answers, given, notice="crowded"), 429, {"Retry-After": str(_LATER)}
    wait = next(minutes for minutes in WAITS if seconds <= minutes * 60) if seconds > _SOON else None
    return redirect(url_for("signup.sent", lang=g.language, wait=wait, **_origin()), 303)


def _refuse(reason: str, answers: Answers) -> None:
    """Count and log a valid form that is refused."""
    refused: Counter = current_app.extensions["forms_refused"]
    refused.labels(reason).inc()
    _log.info("%s sign-up for %s not taken: %s", network(), masked(answers.email), reason)


@pages.get("/signup/sent")
def sent() -> str:
    """Say that a letter is on its way, and when to expect it; the page follows the form."""
    wait = request.args.get("wait", type=int)
    return render_template("sent.html", framed=framed(), wait=wait if wait in WAITS else None)


def page(answers: Answers, given: str, *, notice: str = "") -> str:
    """Render the form as filled in, with its original stamp `given` and the reason why it was refused.

    `notice` is "again", "stale", "quick" or "crowded", or empty when there are only field errors or none.
    """
    return render_template(
        "signup.html",
        notice=notice,
        regions=regions(settings()),
        framed=framed(),
        **form_values(answers, given),
    )


def form_values(answers: Answers, given: str) -> dict[str, Any]:
    """Return what a template needs to show the form as filled in, with the stamp `given`."""
    return {
        "answers": answers,
        "stamp": given,
        "trap": TRAP,
        "words": wording(settings(), g.language),
        "action": url_for("signup.send", lang=g.language, **_origin()),
    }


def stamp() -> str:
    """Return a signed timestamp, from which the form's age is computed on submission."""
    now = workspace().now()
    return workspace().signer.token(Purpose.FORM, int(now.timestamp()), now.date())


def _age(given: str) -> timedelta | None:
    """Return the age of a form; None when its stamp has no valid signature."""
    try:
        seconds, _ = workspace().signer.read(Purpose.FORM, given)
    except LinkInvalid:
        return None
    return timedelta(seconds=workspace().now().timestamp() - seconds)


def _origin() -> dict[str, Any]:
    return {"from": EMBED} if framed() else {}
