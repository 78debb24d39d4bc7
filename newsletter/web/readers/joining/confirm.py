"""The confirmation link of a letter: a page with a button, then the result."""

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, render_template
from sqlalchemy import Connection

from newsletter.audience import asking, handover, moving, optin
from newsletter.audience.asking import Ending, Settle
from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.model import SubscriberStatus
from newsletter.names import closing_of
from newsletter.render.values import Data, plain
from newsletter.store import archive, people, requests, welcomes
from newsletter.store.db import reading, writing
from newsletter.store.requests import Kind, Request
from newsletter.web.readers.site import act, database, settings, workspace

pages = Blueprint("confirm", __name__)

SETTLE: Mapping[Kind, Settle] = {
    Kind.SIGNUP: optin.settle,
    Kind.ADDRESS: moving.settle,
    Kind.HANDOVER: handover.settle,
}

_Answer = str | tuple[str, int]


@pages.get("/confirm/<token>")
def ask(token: str) -> _Answer:
    """Show the request with a button; opening the link changes nothing, as mail scanners open it too."""
    signed = _signed(token)
    if signed is None:
        return unknown()
    with reading(database()) as connection:
        asked = _find(connection, *signed)
    if asked is None:
        return unknown()
    if asked.confirmed_at:
        return _answer(asked, Ending.DONE)
    return render_template(f"confirm_{asked.kind}.html", asked=_shown(asked), titles=_titles(asked))


@pages.post("/confirm/<token>")
def confirm(token: str) -> _Answer:
    """Confirm the request; idempotent, and a repeat shows the same result.

    Only the first confirmation links to the reader's own page, as only it proves control of the mailbox.
    """
    signed = _signed(token)
    if signed is None:
        return unknown()
    with writing(database()) as connection:
        asked = _find(connection, *signed, for_update=True)
        if asked is None:
            return unknown()
        ending = asking.confirm(act(connection), asked, SETTLE[asked.kind])
        reader = None if asked.confirmed_at else people.find(connection, asked.email)
        newest = archive.newest(connection)
        if reader and asked.kind is Kind.SIGNUP and settings().welcome:
            welcomes.put(connection, reader.id, workspace().now())
    preferences = None
    if reader and reader.status is SubscriberStatus.ACTIVE:
        preferences = workspace().signer.token(Purpose.PREFERENCES, reader.id, workspace().now().date())
    return _answer(asked, ending, newest=newest, preferences=preferences)


def _answer(asked: Request, ending: Ending, **values: object) -> str:
    usual = {"newest": None, "preferences": None}
    page = f"confirmed_{asked.kind}.html"
    return render_template(page, asked=_shown(asked), ending=ending, **{**usual, **values})


def _shown(asked: Request) -> Data:
    """Return the part of a request that pages show."""
    return Data(email=asked.email, details=plain(asked.details))


def unknown() -> _Answer:
    """Return the same 404 page for every invalid link: unknown, expired or tampered with."""
    return render_template("unknown.html"), 404


def _signed(token: str) -> tuple[int, date] | None:
    """Return the id and the date of the request that a token confirms; None when the token is invalid."""
    try:
        number, day = workspace().signer.read(Purpose.CONFIRM, token)
    except LinkInvalid:
        return None
    return number, closing_of(day)


def _find(connection: Connection, number: int, day: date, *, for_update: bool = False) -> Request | None:
    asked = requests.find(connection, number, workspace().now(), for_update=for_update)
    if asked is None or asked.kind not in SETTLE or not asked.requested_at.startswith(day.isoformat()):
        return None
    return asked


def _titles(asked: Request) -> list[str]:
    """Return the titles of the requested sections; an empty list means all of them."""
    wanted = asked.details.get("sections", ())
    return [section.title for section in settings().sections if section.slug in wanted]
