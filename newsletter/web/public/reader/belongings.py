"""A reader's data: to look at, to take along, and to have erased."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as Answer

from newsletter.i18n import format_period
from newsletter.model import Period
from newsletter.store.db import reading
from newsletter.store.people import key
from newsletter.store.story import Story, story
from newsletter.web.public import limits
from newsletter.web.public.reader.access import reader, titles
from newsletter.web.public.site import context, database, settings
from newsletter.wiring.erasure import erase

pages = Blueprint("belongings", __name__)


@pages.app_template_filter("moment")
def moment(at: str) -> str:
    """Return a moment, 2025-02-14T10:00:00Z, in words and in the workspace's time; none is empty."""
    if not at:
        return ""
    local = dt.datetime.fromisoformat(at).astimezone(ZoneInfo(settings().timezone))
    return f"{format_period(Period(start=local.date(), end=local.date()), g.language)}, {local:%H:%M}"


@pages.get("/preferences/<token>/data")
def show(token: str) -> str:
    """Show everything that is known of the reader."""
    with reading(database()) as connection:
        found = _story(connection, token)
    return render_template("data.html", token=token, story=found, titles=titles())


@pages.post("/preferences/<token>/data")
@limits.forms
def download(token: str) -> Response:
    """Give everything that is known of the reader as JSON (GDPR Art. 20)."""
    with reading(database()) as connection:
        found = _story(connection, token)
    response = Response(json.dumps(found.data(), ensure_ascii=False, indent=2), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@pages.get("/preferences/<token>/erase")
def question(token: str) -> str:
    """Say what would go and what would stay."""
    with reading(database()) as connection:
        person = reader(connection, token)
    return render_template("erase.html", token=token, person=person)


@pages.post("/preferences/<token>/erase")
@limits.forms
def confirm(token: str) -> Answer | tuple[str, int]:
    """Erase whoever typed their own address."""
    typed = request.form.get("email", "").strip()
    with reading(database()) as connection:
        person = reader(connection, token)
    if key(typed) != key(person.email):
        return render_template("erase.html", token=token, person=person, typed=typed, fault=True), 422
    erase(context(), person.email)
    return redirect(url_for("preferences.belongings.erased", lang=request.args.get("lang")), 303)


@pages.get("/erased")
def erased() -> str:
    """Say that it is done; the page knows nobody."""
    return render_template("erased.html")


def _story(connection: Connection, token: str) -> Story:
    found = story(connection, reader(connection, token).email)
    assert found  # noqa: S101  the reader was found in the same view
    return found
