"""Handing a post over: requested by a link mailed to the holder, confirmed by one mailed to the successor."""

from flask import Blueprint, g, render_template, request

from newsletter.audience import handover, stepup
from newsletter.audience.forms import read, read_address
from newsletter.audience.optin import wording
from newsletter.store.db import reading, writing
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind
from newsletter.web.readers import limits
from newsletter.web.readers.reader.reader_links import mailed
from newsletter.web.readers.site import database, settings, workspace

pages = Blueprint("succession", __name__)


@pages.get("/mine/succession/<token>")
def form(token: str) -> str:
    """Show the form to the holder of a post; others see whom to contact."""
    with reading(database()) as connection:
        _, holder = mailed(connection, Kind.SUCCESSION, token)
    return _page(token, holder)


@pages.post("/mine/succession/<token>")
@limits.forms
def ask(token: str) -> tuple[str, int]:
    """Mail a confirmation link to the successor; the answer does not reveal whether they are subscribed."""
    filled = request.form.to_dict(flat=False)
    email, wrong = read_address(filled, "email")
    answers = read(filled, settings())
    faults = {"email": str(wrong or ""), "name": str(answers.faults.get("name", ""))}
    now = workspace().now()
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
                signer=workspace().signer,
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
