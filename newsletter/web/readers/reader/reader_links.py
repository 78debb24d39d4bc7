"""Signed links of readers: whose they are, whether still valid, and the language of the page."""

from datetime import date, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from flask import abort, g, make_response, render_template, request
from sqlalchemy import Connection

from newsletter.audience import stepup
from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.store import issues, people
from newsletter.store.people import Record
from newsletter.store.requests import Kind, Request
from newsletter.web.readers.site import settings, workspace

_MONTH = timedelta(days=30)
VALID = timedelta(days=366)
"""How long the links of a message stay valid, except the unsubscribe link, which never expires."""


def reader(connection: Connection, token: str, *, for_update: bool = False) -> Record:
    """Return the reader whose preferences `token` opens; the same 404 for every invalid link."""
    number, closing = read(Purpose.PREFERENCES, token)
    person = people.get(connection, number, for_update=for_update) if fresh(connection, closing) else None
    if person is None:
        stale()
    speak(person.language)
    return person


def mailed(
    connection: Connection, kind: Kind, token: str, *, for_update: bool = False
) -> tuple[Request, Record]:
    """Return the request behind a link mailed for the action `kind`, and its reader; else aborts with 404."""
    number, day = read(stepup.PURPOSES[kind], token)
    found = stepup.find(connection, kind, number, day, workspace().now(), for_update=for_update)
    if found is None:
        stale()
    speak(found[1].language)
    return found


def shown(connection: Connection, token: str, *, for_update: bool = False) -> Record:
    """Return the reader whose data page carries `token`; aborts with 404 once the page has expired."""
    number, day = read(Purpose.SHOWN, token)
    found = stepup.find_shown(connection, number, day, workspace().now(), for_update=for_update)
    if found is None:
        stale()
    speak(found[1].language)
    return found[1]


def read(purpose: Purpose, token: str) -> tuple[int, date]:
    """Return the number and the date in `token`; aborts with 404 if it was not signed for `purpose`."""
    try:
        return workspace().signer.read(purpose, token)
    except LinkInvalid:
        stale()


def fresh(connection: Connection, closing: date) -> bool:
    """Tell whether the links of the issue with this closing date are still valid.

    An issue may start long after that date, as the sample does: then the time counts from its start.
    """
    if today() - closing <= VALID:
        return True
    issue = issues.find(connection, closing.isoformat())
    if issue is None or not issue.begun_at:
        return False
    return today() - date.fromisoformat(issue.begun_at[:10]) <= VALID


def stale() -> NoReturn:
    """Abort with the page that says that a link is invalid or expired (404)."""
    abort(make_response(render_template("stale.html"), 404))


def speak(language: str) -> None:
    """Use the reader's language for the page, unless the `lang` parameter names another."""
    if language in settings().languages and request.args.get("lang") not in settings().languages:
        g.language = language


def today() -> date:
    """Return today's date in the workspace's time zone."""
    return workspace().now().astimezone(ZoneInfo(settings().timezone)).date()


def month() -> str:
    """Return the end date of a one-month pause that begins today (ISO 8601)."""
    return (today() + _MONTH).isoformat()


def optional() -> tuple[str, ...]:
    """Return the slugs of the optional sections, in order."""
    return settings().optional_sections


def titles() -> dict[str, str]:
    """Return the title of each section by slug."""
    return {section.slug: section.title for section in settings().sections}
