"""Moving to another address: the form; both mailboxes say yes, each by the link in its letter."""

from flask import Blueprint, g, render_template, request

from newsletter.audience import moving
from newsletter.audience.answers import read_address
from newsletter.audience.asking import asked_lately
from newsletter.model import SubscriberStatus
from newsletter.store.db import reading, writing
from newsletter.store.people import key
from newsletter.store.requests import Kind
from newsletter.web.public import limits
from newsletter.web.public.reader.access import reader
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
            moving.ask_both(connection, person, email, g.language, now, signer=context().signer)
    page = render_template("address.html", token=token, person=person, email=email, fault=fault, asked=asked)
    return page, _CODES.get(fault, 422)
