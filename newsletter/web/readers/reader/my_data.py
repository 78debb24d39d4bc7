"""A reader's data: view, download, correct, erase; each behind a link mailed for that purpose."""

import datetime as dt
import json
from dataclasses import replace
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as Answer

from newsletter.audience import stepup
from newsletter.audience.forms import Answers, first, read
from newsletter.audience.preferences import compare, corrected
from newsletter.i18n import format_period
from newsletter.links import Purpose
from newsletter.model import Period
from newsletter.redaction import masked
from newsletter.services.erasure import erase
from newsletter.store import people
from newsletter.store.db import reading, writing
from newsletter.store.people import Record, key
from newsletter.store.requests import Kind
from newsletter.store.subscriber_data import subscriber_data
from newsletter.web.app import download
from newsletter.web.readers import limits
from newsletter.web.readers.reader.reader_links import mailed, optional, shown, titles
from newsletter.web.readers.site import database, settings, workspace
from newsletter.web.templates import regions

pages = Blueprint("my_data", __name__)


@pages.app_template_filter("moment")
def moment(at: str) -> str:
    """Format a timestamp (2025-02-14T10:00:00Z) in words and the workspace's time zone; empty for none."""
    if not at:
        return ""
    local = dt.datetime.fromisoformat(at).astimezone(ZoneInfo(settings().timezone))
    return f"{format_period(Period(start=local.date(), end=local.date()), g.language)}, {local:%H:%M}"


@pages.get("/mine/data/<token>")
def ask(token: str) -> str:
    """Show a button; opening the link shows no data and does not use it up, as mail scanners open it too."""
    with reading(database()) as connection:
        mailed(connection, Kind.DATA, token)
    return render_template("mine_data.html", token=token)


@pages.post("/mine/data/<token>")
@limits.forms
def show(token: str) -> str:
    """Show all data of the reader; the link works once, the forms on the page for an hour."""
    with writing(database()) as connection:
        asked, person = mailed(connection, Kind.DATA, token, for_update=True)
        stepup.spend(connection, asked, workspace().now())
        day = dt.date.fromisoformat(asked.requested_at[:10])
        return _page(connection, workspace().signer.token(Purpose.SHOWN, asked.id, day), person)


@pages.post("/mine/file")
@limits.forms
def save() -> Response:
    """Return all data of the reader as JSON (data portability, GDPR Art. 20)."""
    with reading(database()) as connection:
        found = subscriber_data(connection, shown(connection, request.form.get("token", "")).email)
    assert found  # noqa: S101  the reader was found in the same view
    content = json.dumps(found.data(), ensure_ascii=False, indent=2)
    return download(content, "application/json", "my-data.json")


@pages.post("/mine/correct")
@limits.forms
def correct() -> str | tuple[str, int]:
    """Save the corrected name and fields, and show the page again."""
    form = request.form.to_dict(flat=False)
    token = first(form, "token")
    answers = read(form, settings())
    faults = {name: fault for name, fault in answers.faults.items() if name != "section"}
    with writing(database()) as connection:
        person = shown(connection, token, for_update=True)
        if first(form, "step"):
            return _page(connection, token, person, answers=replace(answers, faults={}))
        if faults:
            return _page(connection, token, person, answers=replace(answers, faults=faults)), 422
        after = corrected(person, answers, settings())
        people.change(connection, person, after, workspace().now())
        return _page(connection, token, after, changes=compare(person, after, optional()))


@pages.get("/mine/erasure/<token>")
def question(token: str) -> str:
    """Show what would be deleted and what would stay, with the form that confirms it."""
    with reading(database()) as connection:
        _, person = mailed(connection, Kind.ERASURE, token)
    return _erasing(token, person)


@pages.post("/mine/erasure/<token>")
@limits.forms
def confirm(token: str) -> Answer | tuple[str, int]:
    """Erase the reader's data, if they typed their own address to confirm."""
    typed = request.form.get("email", "").strip()
    with reading(database()) as connection:
        _, person = mailed(connection, Kind.ERASURE, token)
    if key(typed) != key(person.email):
        return _erasing(token, person, typed=typed, fault=True), 422
    erase(workspace(), person.email)
    return redirect(url_for("preferences.my_data.erased", lang=request.args.get("lang")), 303)


@pages.get("/erased")
def erased() -> str:
    """Say that the data has been deleted; the page shows nothing personal."""
    return render_template("erased.html")


def _erasing(token: str, person: Record, **values: object) -> str:
    usual = {"typed": "", "fault": False}
    return render_template("erase.html", token=token, address=masked(person.email), **{**usual, **values})


def _page(connection: Connection, token: str, person: Record, **values: object) -> str:
    """Render the page of a reader's data, whose forms carry `token`; `answers` is the form as filled in."""
    found = subscriber_data(connection, person.email)
    standing = Answers(name=person.name, attributes=person.attributes)
    return render_template(
        "data.html",
        shown=token,
        data=found,
        titles=titles(),
        regions=regions(settings()),
        **{"answers": standing, "changes": None, **values},
    )
