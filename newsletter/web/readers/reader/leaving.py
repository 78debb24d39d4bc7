"""Unsubscribing: by a page with a button, and by the one-click POST of mail programs (RFC 8058).

The unsubscribe link permits only that, a pause, and mailing the reader the link to their own page.
"""

from dataclasses import replace

from flask import Blueprint, render_template

from newsletter.audience import stepup
from newsletter.links import Purpose
from newsletter.model import SubscriberStatus
from newsletter.redaction import masked
from newsletter.store import people
from newsletter.store.choices import by_pausing, has_left
from newsletter.store.db import reading, writing
from newsletter.store.requests import Kind
from newsletter.web.readers import limits
from newsletter.web.readers.reader.reader_links import month, optional, read, speak
from newsletter.web.readers.site import database, settings, workspace

pages = Blueprint("leaving", __name__)


@pages.get("/unsubscribe/<token>")
def ask(token: str) -> str:
    """Show the button; opening the link changes nothing, as mail scanners open it too."""
    number, _ = read(Purpose.UNSUBSCRIBE, token)
    with reading(database()) as connection:
        person = people.get(connection, number)
    speak(person.language if person else "")
    return render_template(
        "unsubscribe.html", token=token, address=masked(person.email) if person else "", month=month()
    )


@pages.post("/unsubscribe/<token>")
@limits.exempt  # mail providers send one-click requests of all users from a few networks
def leave(token: str) -> str:
    """Unsubscribe the reader from everything, whatever the body says; idempotent, 200 also after an erasure.

    The link never expires. A token without a valid signature gives 404, which RFC 8058 leaves open.
    """
    number, _ = read(Purpose.UNSUBSCRIBE, token)
    with writing(database()) as connection:
        person = people.get(connection, number, for_update=True)
        if person:
            people.leave(connection, number, (), optional(), workspace().now())
    speak(person.language if person else "")
    return render_template("unsubscribed.html", token=token)


@pages.post("/unsubscribe/<token>/pause")
@limits.forms
def pause(token: str) -> str:
    """Pause everything for a month in place of leaving; no effect on a reader who has left."""
    number, _ = read(Purpose.UNSUBSCRIBE, token)
    until = month()
    with writing(database()) as connection:
        person = people.get(connection, number, for_update=True)
        if person and person.status is SubscriberStatus.ACTIVE and not has_left(person.choices):
            paused = by_pausing(person.choices, (), until, optional())
            people.change(connection, person, replace(person, choices=paused), workspace().now())
    speak(person.language if person else "")
    return render_template("paused.html", token=token, until=until)


@pages.post("/unsubscribe/<token>/link")
@limits.forms
def mail_link(token: str) -> str:
    """Mail the reader the link to their own page; the answer is the same whether a mail is sent or not."""
    number, _ = read(Purpose.UNSUBSCRIBE, token)
    with writing(database()) as connection:
        person = people.get(connection, number, for_update=True)
        if person:
            stepup.ask(connection, person, Kind.LINK, settings().language, workspace().now())
    speak(person.language if person else "")
    return render_template("mailed.html", address=masked(person.email) if person else "")
