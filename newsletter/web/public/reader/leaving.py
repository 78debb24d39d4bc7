"""Leaving: by a page with a button, and by the one click of a mail program (RFC 8058)."""

from datetime import date

from flask import Blueprint, render_template
from sqlalchemy import Connection

from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.model import masked
from newsletter.store import people
from newsletter.store.db import reading, writing
from newsletter.web.public import limits
from newsletter.web.public.reader.access import fresh, optional, speak, stale
from newsletter.web.public.site import context, database

pages = Blueprint("leaving", __name__)


@pages.get("/unsubscribe/<token>")
def ask(token: str) -> str:
    """Show a button; opening the link, as scanners of mail do, changes nothing."""
    number, closing = _read(token)
    with reading(database()) as connection:
        person = people.get(connection, number)
        own = _own(connection, number, closing)
    speak(person.language if person else "")
    return render_template(
        "unsubscribe.html", token=token, address=masked(person.email) if person else "", own=own
    )


@pages.post("/unsubscribe/<token>")
@limits.exempt  # mail providers click for all their users from a few networks
def leave(token: str) -> str:
    """Let the reader leave everything, whatever the body says; 200 also when they left or were erased before.

    The link never expires. One that was tampered with is not found (404): RFC 8058 leaves that open, and
    whoever signs a link of ours is told the truth.
    """
    number, closing = _read(token)
    with writing(database()) as connection:
        person = people.get(connection, number, for_update=True)
        if person:
            people.leave(connection, number, (), optional(), context().now())
        own = _own(connection, number, closing)
    speak(person.language if person else "")
    return render_template("unsubscribed.html", own=own)


def _read(token: str) -> tuple[int, date]:
    try:
        return context().signer.read(Purpose.UNSUBSCRIBE, token)
    except LinkInvalid:
        stale()


def _own(connection: Connection, number: int, closing: date) -> str:
    """Return the token of the reader's own page while letters of that age open it."""
    if not fresh(connection, closing):
        return ""
    return context().signer.token(Purpose.PREFERENCES, number, closing)
