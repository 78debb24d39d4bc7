"""Signed links of readers: whose they are, whether still valid, and the language of the page."""

from datetime import date, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from flask import abort, g, make_response, render_template, request
from sqlalchemy import Connection

from newsletter.audience import stepup
from newsletter.errors import LinkInvalid
from newsletter.links import Purpose
from newsletter.names import IssueName, closing_of
from newsletter.store import issues, people
from newsletter.store.people import Record
from newsletter.store.requests import Kind, Request
from newsletter.web.readers.site import settings, workspace

_MONTH = timedelta(days=30)
VALID = timedelta(days=366)
"""How long the links of a message stay valid, except the unsubscribe link, which never expires."""


def reader(connection: Connection, token: str, *, for_update: bool = False) -> Record:
    """Return the reader whose preferences `token` opens; the same 404 for every invalid link."""
    number, issue = read(Purpose.PREFERENCES, token)
    person = people.get(connection, number, for_update=for_update) if fresh(connection, issue) else None
    if person is None:
        stale()
    speak(person.language)
    return person


def mailed(
    connection: Connection, kind: Kind, token: str, *, for_update: bool = False
) -> tuple[Request, Record]:
    """Return the request behind a link mailed for the action `kind`, and its reader; else aborts with 404."""
    number, day = read(stepup.PURPOSES[kind], token)
    found = stepup.find(connection, kind, number, closing_of(day), workspace().now(), for_update=for_update)
    if found is None:
        stale()
    speak(found[1].language)
    return found


def shown(connection: Connection, token: str, *, for_update: bool = False) -> Record:
    """Return the reader whose data page carries `token`; aborts with 404 once the page has expired."""
    number, day = read(Purpose.SHOWN, token)
    found = stepup.find_shown(connection, number, closing_of(day), workspace().now(), for_update=for_update)
    if found is None:
        stale()
    speak(found[1].language)
    return found[1]


def read(purpose: Purpose, token: str) -> tuple[int, IssueName]:
    """Return number and issue (or day) of `token`; aborts with 404 if it was not signed for `purpose`."""
    try:
        return workspace().signer.read(purpose, token)
    except LinkInvalid:
        stale()


def fresh(connection: Connection, issue: IssueName) -> bool:
    """Tell whether the links of an issue are still valid.

    An issue may start long after its closing date, as the sample does: then the time counts from its start.
    """
    if today() - closing_of(issue) <= VALID:
        return True
    found = issues.find(connection, issue.isoformat())
    if found is None or not found.begun_at:
        return False
    return today() - date.fromisoformat(found.begun_at[:10]) <= VALID


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
