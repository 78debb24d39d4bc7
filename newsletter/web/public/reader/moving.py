"""Moving to another address: the form, and the page on which the old mailbox agrees."""

from flask import Blueprint, g, render_template, request
from sqlalchemy import Connection

from newsletter.audience import moving
from newsletter.audience.answers import read_address
from newsletter.audience.asking import asked_lately
from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.model import SubscriberStatus
from newsletter.store import requests
from newsletter.store.db import reading, writing
from newsletter.store.people import key
from newsletter.store.requests import Kind, Request
from newsletter.web.public import limits
from newsletter.web.public.reader.access import optional, reader, speak, stale
from newsletter.web.public.site import context, database

pages = Blueprint("moving", __name__)

_CODES = {"": 200, "lately": 429}


@pages.get("/preferences/<token>/address")
def form(token: str) -> str:
    """Show the form."""
    with reading(database()) as connection:
        person = reader(connection, token)
    return render_template("address.html", token=token, person=person)


@pages.post("/preferences/<token>/address")
@limits.forms
def ask(token: str) -> tuple[str, int]:
    """Write to both mailboxes; the answer is the same whatever is known of the new address."""
    email, wrong = read_address(request.form.to_dict(flat=False), "email")
    fault: str = wrong or ""
    now = context().now()
    with writing(database()) as connection:
        person = reader(connection, token, for_update=True)
        if key(email) == key(person.email):
            fault = "same"
        elif not fault and asked_lately(connection, Kind.ADDRESS, person, now):
            fault = "lately"
        asked = not fault and person.status is SubscriberStatus.ACTIVE
        if asked:
            moving.ask_both(connection, person, email, g.language, now)
    page = render_template("address.html", token=token, person=person, email=email, fault=fault, asked=asked)
    return page, _CODES.get(fault, 422)


@pages.get("/agree/<token>")
def question(token: str) -> str:
    """Show what the old mailbox would agree to, with a button."""
    with reading(database()) as connection:
        asked = _find(connection, token)
    return render_template("agree.html", asked=asked)


@pages.post("/agree/<token>")
@limits.forms
def agree(token: str) -> str:
    """Agree; a second time changes nothing and says the same."""
    with writing(database()) as connection:
        asked = _find(connection, token, for_update=True)
        ending = moving.agree(connection, asked, optional(), context().signer, context().now())
    return render_template("agreed.html", asked=asked, ending=ending)


def _find(connection: Connection, token: str, *, for_update: bool = False) -> Request:
    try:
        number, day = context().signer.read(Purpose.AGREE, token)
    except LinkInvalid:
        stale()
    asked = requests.find(connection, number, context().now(), for_update=for_update)
    if asked is None or asked.kind is not Kind.ADDRESS or not asked.requested_at.startswith(day.isoformat()):
        stale()
    speak(asked.language)
    return asked
