"""The page on which a reader agrees, from their own mailbox, to what somebody with their link asked for."""

from collections.abc import Mapping

from flask import Blueprint, render_template
from sqlalchemy import Connection

from newsletter.audience import handover, moving
from newsletter.audience.asking import Answer
from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.store import requests
from newsletter.store.db import reading, writing
from newsletter.store.requests import Kind, Request
from newsletter.web.public import limits
from newsletter.web.public.reader.access import optional, speak, stale
from newsletter.web.public.site import context, database

pages = Blueprint("agreeing", __name__)

_AGREE: Mapping[Kind, Answer] = {Kind.ADDRESS: moving.agree, Kind.HANDOVER: handover.agree}


@pages.get("/agree/<token>")
def question(token: str) -> str:
    """Show what the reader would agree to, with a button."""
    with reading(database()) as connection:
        asked = _find(connection, token)
    return render_template(f"agree_{asked.kind}.html", asked=asked)


@pages.post("/agree/<token>")
@limits.forms
def agree(token: str) -> str:
    """Agree; a second time changes nothing and says the same."""
    with writing(database()) as connection:
        asked = _find(connection, token, for_update=True)
        ending = _AGREE[asked.kind](connection, asked, optional(), context().signer, context().now())
    return render_template(f"agreed_{asked.kind}.html", asked=asked, ending=ending)


def _find(connection: Connection, token: str, *, for_update: bool = False) -> Request:
    try:
        number, day = context().signer.read(Purpose.AGREE, token)
    except LinkInvalid:
        stale()
    asked = requests.find(connection, number, context().now(), for_update=for_update)
    if asked is None or asked.kind not in _AGREE or not asked.requested_at.startswith(day.isoformat()):
        stale()
    speak(asked.language)
    return asked
