"""Passing a post on: asked for by a link from the holder's mailbox, confirmed by one from the successor's."""

from flask import Blueprint, g, render_template, request

from newsletter.audience import handover, stepup
from newsletter.audience.forms import read, read_address
from newsletter.audience.optin import wording
from newsletter.store.db import reading, writing
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind
from newsletter.web.readers import limits
from newsletter.web.readers.reader.reader_links import mailed
from newsletter.web.readers.site import context, database, settings

pages = Blueprint("succession", __name__)


@pages.get("/mine/succession/<token>")
def form(token: str) -> str:
    """Show the form to whoever holds a post, and to others whom to ask."""
    with reading(database()) as connection:
        _, holder = mailed(connection, Kind.SUCCESSION, token)
    return _page(token, holder)


@pages.post("/mine/succession/<token>")
@limits.forms
def ask(token: str) -> tuple[str, int]:
    """Write to the successor; the answer is the same whatever is known of their address."""
    filled = request.form.to_dict(flat=False)
    email, wrong = read_address(filled, "email")
    answers = read(filled, settings())
    faults = {"email": str(wrong or ""), "name": str(answers.faults.get("name", ""))}
    now = context().now()
    with writing(database()) as connection:
        wish, holder = mailed(connection, Kind.SUCCESSION, token, for_update=True)
        if not handover.holds_post(holder, settings()):
            return _page(token, holder), 200
        if key(email) == key(holder.email):
            faults["email"] = "same"
        asked = not any(faults.values())
        if asked:
            stepup.spend(connection, wish, now)
            handover.ask_successor(
                connection,
                holder,
                post=handover.post_of(holder, settings()),
                email=email,
                name=answers.name,
                words=wording(settings(), g.language),
                source="preferences",
                signer=context().signer,
                now=now,
            )
    page = _page(token, holder, email=email, name=answers.name, faults=faults, asked=asked)
    return page, 200 if asked else 422


def _page(token: str, holder: Record, **values: object) -> str:
    return render_template(
        "handover.html",
        token=token,
        holds=handover.holds_post(holder, settings()),
        post=handover.post_of(holder, settings()),
        **{"faults": {}, "asked": False, "email": "", "name": "", **values},
    )
