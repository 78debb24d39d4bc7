"""Leaving: by a page with a button, and by the one click of a mail program (RFC 8058).

The link to leave opens nothing more: it may pause, which is less, and have the reader's own link mailed.
"""

from dataclasses import replace

from flask import Blueprint, render_template

from newsletter.audience import stepup
from newsletter.links import Purpose
from newsletter.model import SubscriberStatus, masked
from newsletter.store import people
from newsletter.store.choices import by_pausing, has_left
from newsletter.store.db import reading, writing
from newsletter.store.requests import Kind
from newsletter.web.readers import limits
from newsletter.web.readers.reader.reader_links import month, optional, read, speak
from newsletter.web.readers.site import context, database, settings

pages = Blueprint("leaving", __name__)


@pages.get("/unsubscribe/<token>")
def ask(token: str) -> str:
    """Show a button; opening the link, as scanners of mail do, changes nothing."""
    number, _ = read(Purpose.UNSUBSCRIBE, token)
    with reading(database()) as connection:
        person = people.get(connection, number)
    speak(person.language if person else "")
    return render_template(
        "unsubscribe.html", token=token, address=masked(person.email) if person else "", month=month()
    )


@pages.post("/unsubscribe/<token>")
@limits.exempt  # mail providers click for all their users from a few networks
def leave(token: str) -> str:
    """Let the reader leave everything, whatever the body says; 200 also when they left or were erased before.

    The link never expires. One that was tampered with is not found (404): RFC 8058 leaves that open, and
    whoever signs a link of ours is told the truth.
    """
    number, _ = read(Purpose.UNSUBSCRIBE, token)
    with writing(database()) as connection:
        person = people.get(connection, number, for_update=True)
        if person:
            people.leave(connection, number, (), optional(), context().now())
    speak(person.language if person else "")
    return render_template("unsubscribed.html", token=token)


@pages.post("/unsubscribe/<token>/pause")
@limits.forms
def pause(token: str) -> str:
    """Pause everything for a month in place of leaving; who has left stays so."""
    number, _ = read(Purpose.UNSUBSCRIBE, token)
    until = month()
    with writing(database()) as connection:
        person = people.get(connection, number, for_update=True)
        if person and person.status is SubscriberStatus.ACTIVE and not has_left(person.choices):
            paused = by_pausing(person.choices, (), until, optional())
            people.change(connection, person, replace(person, choices=paused), context().now())
    speak(person.language if person else "")
    return render_template("paused.html", token=token, until=until)


@pages.post("/unsubscribe/<token>/link")
@limits.forms
def mail_link(token: str) -> str:
    """Mail the reader the link to their own page; the answer is the same whether one leaves or not."""
    number, _ = read(Purpose.UNSUBSCRIBE, token)
    with writing(database()) as connection:
        person = people.get(connection, number, for_update=True)
        if person:
            stepup.ask(connection, person, Kind.LINK, settings().language, context().now())
    speak(person.language if person else "")
    return render_template("mailed.html", address=masked(person.email) if person else "")
