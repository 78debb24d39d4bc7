"""Forms behind a mailed link that make another mailbox confirm: a new address, or a successor's."""

from flask import Blueprint, g, render_template, request

from newsletter.audience import handover, moving, stepup
from newsletter.audience.forms import read, read_address
from newsletter.audience.optin import wording
from newsletter.model import SubscriberStatus
from newsletter.redaction import masked
from newsletter.store.db import reading, writing
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind
from newsletter.web.readers import limits
from newsletter.web.readers.reader.reader_links import mailed
from newsletter.web.readers.site import act, database, settings, workspace

pages = Blueprint("moving", __name__)


@pages.get("/mine/move/<token>")
def move_form(token: str) -> str:
    """Show the form for a new address."""
    with reading(database()) as connection:
        _, person = mailed(connection, Kind.MOVE, token)
    return _move_page(token, person)


@pages.post("/mine/move/<token>")
@limits.forms
def move(token: str) -> tuple[str, int]:
    """Mail a confirmation link to the new address; the answer does not reveal whether it is subscribed."""
    with writing(database()) as connection:
        link, person = mailed(connection, Kind.MOVE, token, for_update=True)
        email, fault = _other_address(person)
        asked = not fault and person.status is SubscriberStatus.ACTIVE
        if asked:
            stepup.spend(connection, link, workspace().now())
            moving.ask_new(act(connection), person, email, g.language)
    return _move_page(token, person, email=email, fault=fault, asked=asked), 422 if fault else 200


def _move_page(token: str, person: Record, *, email: str = "", fault: str = "", asked: bool = False) -> str:
    address = masked(person.email)
    return render_template(
        "address.html", token=token, person=person, address=address, email=email, fault=fault, asked=asked
    )


@pages.get("/mine/succession/<token>")
def succession_form(token: str) -> str:
    """Show the form to the holder of a post; others see whom to contact."""
    with reading(database()) as connection:
        _, holder = mailed(connection, Kind.SUCCESSION, token)
    return _succession_page(token, holder)


@pages.post("/mine/succession/<token>")
@limits.forms
def hand_over(token: str) -> tuple[str, int]:
    """Mail a confirmation link to the successor; the answer does not reveal whether they are subscribed."""
    answers = read(request.form.to_dict(flat=False), settings())
    with writing(database()) as connection:
        link, holder = mailed(connection, Kind.SUCCESSION, token, for_update=True)
        if not handover.holds_post(holder, settings()):
            return _succession_page(token, holder), 200
        email, fault = _other_address(holder)
        faults = {"email": fault, "name": str(answers.faults.get("name", ""))}
        asked = not any(faults.values())
        if asked:
            stepup.spend(connection, link, workspace().now())
            handover.ask_successor(
                act(connection),
                holder,
                post=handover.post_of(holder, settings()),
                email=email,
                name=answers.name,
                words=wording(settings(), g.language),
                source="preferences",
            )
    page = _succession_page(token, holder, email=email, name=answers.name, faults=faults, asked=asked)
    return page, 200 if asked else 422


def _succession_page(token: str, holder: Record, **values: object) -> str:
    return render_template(
        "handover.html",
        token=token,
        holds=handover.holds_post(holder, settings()),
        post=handover.post_of(holder, settings()),
        **{"faults": {}, "asked": False, "email": "", "name": "", **values},
    )


def _other_address(person: Record) -> tuple[str, str]:
    """Return the address in the form and what is wrong with it; "same" if it is the person's own."""
    email, fault = read_address(request.form.to_dict(flat=False), "email")
    return email, "same" if key(email) == key(person.email) else str(fault or "")
