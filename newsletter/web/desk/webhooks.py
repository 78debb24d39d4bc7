"""The webhooks' page: how it stands with each; pause, resume, test, and tell again what failed."""

from dataclasses import asdict
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from newsletter.config.types import Role
from newsletter.errors import ConfigError, TransportUnavailable
from newsletter.i18n import said
from newsletter.render.values import Data
from newsletter.services import webhooks
from newsletter.services.journal import Act
from newsletter.web.desk.access import editor, journal, requires, say, workspace

pages = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@pages.get("")
@requires(Role.OPERATOR)
def show() -> str:
    """Show each webhook: where it goes, what it is told, and how it stands."""
    rows = [
        Data(
            **{**asdict(one), "url": None, "events": None, "reason": said(one.reason, g.language)},
            host=urlsplit(one.url).netloc,
            told=one.events,
        )
        for one in webhooks.overview(workspace())
    ]
    return render_template("webhooks.html", webhooks=rows)


@pages.post("/<name>")
@requires(Role.OPERATOR)
def act(name: str) -> ResponseReturnValue:
    """Pause or resume a webhook, test it, or tell it again what failed, as the button says."""
    wish = request.form.get("act", "")
    try:
        if wish == "pause":
            webhooks.pause(workspace(), name, editor().shown)
            say("%(name)s is paused; what happens meanwhile waits for it.", name=name)
        elif wish == "resume":
            webhooks.resume(workspace(), name)
            say("%(name)s is told again what happens.", name=name)
        elif wish == "replay":
            number = webhooks.replay(workspace(), name)
            say("Will be told again: %(number)s.", number=number)
        elif wish == "test":
            webhooks.send_test(workspace(), name)
            say("%(name)s took the test.", name=name)
    except (ConfigError, TransportUnavailable) as error:
        say("It did not work: %(why)s.", "error", why=error)
    else:
        journal(Act.WEBHOOK, subject=name, did=wish)
    return redirect(url_for("webhooks.show"), 303)
