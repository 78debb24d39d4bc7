"""Change of address: requested by a link mailed to the old address, confirmed by one mailed to the new."""

from flask import Blueprint, g, render_template, request

from newsletter.audience import moving, stepup
from newsletter.audience.forms import read_address
from newsletter.model import SubscriberStatus, masked
from newsletter.store.db import reading, writing
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind
from newsletter.web.readers import limits
from newsletter.web.readers.reader.reader_links import mailed
from newsletter.web.readers.site import database, workspace

pages = Blueprint("moving", __name__)


@pages.get("/mine/move/<token>")
def form(token: str) -> str:
    """Show the form."""
    with reading(database()) as connection:
        _, person = mailed(connection, Kind.MOVE, token)
    return _page(token, person)


@pages.post("/mine/move/<token>")
@limits.forms
def ask(token: str) -> tuple[str, int]:
    """Mail a confirmation link to the new address; the answer does not reveal whether it is subscribed."""
    email, wrong = read_address(request.form.to_dict(flat=False), "email")
    fault: str = wrong or ""
    now = workspace().now()
    with writing(database()) as connection:
        wish, person = mailed(connection, Kind.MOVE, token, for_update=True)
        if key(email) == key(person.email):
            fault = "same"
        asked = not fault and person.status is SubscriberStatus.ACTIVE
        if asked:
            stepup.spend(connection, wish, now)
            moving.ask_new(connection, person, email, g.language, now, signer=workspace().signer)
    return _page(token, person, email=email, fault=fault, asked=asked), 422 if fault else 200


def _page(token: str, person: Record, **values: object) -> str:
    usual = {"email": "", "fault": "", "asked": False}
    address = masked(person.email)
    return render_template("address.html", token=token, person=person, address=address, **{**usual, **values})
