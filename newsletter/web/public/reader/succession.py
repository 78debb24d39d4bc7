"""Passing a post on: the form; holder and successor each say yes by the link in a letter."""

from flask import Blueprint, abort, g, render_template, request

from newsletter.audience import handover
from newsletter.audience.answers import read, read_address
from newsletter.audience.asking import asked_lately
from newsletter.audience.optin import wording
from newsletter.store.db import reading, writing
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind
from newsletter.web.public import limits
from newsletter.web.public.reader.access import reader
from newsletter.web.public.site import context, database, settings

pages = Blueprint("succession", __name__)


@pages.get("/preferences/<token>/handover")
def form(token: str) -> str:
    """Show the form to whoever holds a post."""
    with reading(database()) as connection:
        person = reader(connection, token)
    if not handover.holds_post(person):
        abort(404)
    return _page(token, person)


@pages.post("/preferences/<token>/handover")
@limits.forms
def ask(token: str) -> tuple[str, int]:
    """Write to holder and successor; the answer is the same whatever is known of the latter's address."""
    filled = request.form.to_dict(flat=False)
    email, wrong = read_address(filled, "email")
    answers = read(filled, settings())
    faults = {"email": str(wrong or ""), "name": str(answers.faults.get("name", ""))}
    now = context().now()
    with writing(database()) as connection:
        holder = reader(connection, token, for_update=True)
        if not handover.holds_post(holder):
            abort(404)
        if key(email) == key(holder.email):
            faults["email"] = "same"
        elif not any(faults.values()) and asked_lately(connection, Kind.HANDOVER, holder, now):
            faults["email"] = "lately"
        asked = not any(faults.values())
        if asked:
            handover.ask_successor(
                connection,
                holder,
                email=email,
                name=answers.name,
                words=wording(settings(), g.language),
                source="preferences",
                agreed=False,
                signer=context().signer,
                now=now,
            )
    page = _page(token, holder, email=email, name=answers.name, faults=faults, asked=asked)
    return page, 200 if asked else 429 if faults["email"] == "lately" else 422


def _page(token: str, holder: Record, **values: object) -> str:
    post = handover.post_of(holder)
    return render_template("handover.html", token=token, holder=holder, post=post, **{"faults": {}, **values})
