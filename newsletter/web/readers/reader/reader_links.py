"""Whom a signed link is for, what it opens, and the language to speak to them."""

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
from newsletter.web.readers.site import context, settings

_MONTH = timedelta(days=30)
VALID = timedelta(days=366)
"""For how long the links of a letter, beside the one to unsubscribe, lead to a reader's own page."""


def reader(connection: Connection, token: str, *, for_update: bool = False) -> Record:
    """Return whose pages `token` opens; all that it cannot be looks alike (404)."""
    number, closing = read(Purpose.PREFERENCES, token)
    person = people.get(connection, number, for_update=for_update) if fresh(connection, closing) else None
    if person is None:
        stale()
    speak(person.language)
    return person


def mailed(
    connection: Connection, kind: Kind, token: str, *, for_update: bool = False
) -> tuple[Request, Record]:
    """Return the request behind a link of `kind` that was mailed for this alone, and its reader; else 404."""
    number, day = read(stepup.PURPOSES[kind], token)
    found = stepup.find(connection, kind, number, day, context().now(), for_update=for_update)
    if found is None:
        stale()
    speak(found[1].language)
    return found


def shown(connection: Connection, token: str, *, for_update: bool = False) -> Record:
    """Return the reader whose page of data carries `token`; 404 once it was open for too long."""
    number, day = read(Purpose.SHOWN, token)
    found = stepup.find_shown(connection, number, day, context().now(), for_update=for_update)
    if found is None:
        stale()
    speak(found[1].language)
    return found[1]


def read(purpose: Purpose, token: str) -> tuple[int, date]:
    """Return what `token` says; one that is not for `purpose` is not found (404)."""
    try:
        return context().signer.read(purpose, token)
    except LinkInvalid:
        stale()


def fresh(connection: Connection, closing: date) -> bool:
    """Tell whether the links of the letter of that day still lead to a reader's own pages.

    An issue may leave long after its day, as the sample does: then its links count from when it left.
    """
    if today() - closing <= VALID:
        return True
    issue = issues.find(connection, closing.isoformat())
    if issue is None or not issue.begun_at:
        return False
    return today() - date.fromisoformat(issue.begun_at[:10]) <= VALID


def stale() -> NoReturn:
    """Say that a link is not valid, or no longer."""
    abort(make_response(render_template("stale.html"), 404))


def speak(language: str) -> None:
    """Use the reader's language, unless the address of the page names another."""
    if language in settings().languages and request.args.get("lang") not in settings().languages:
        g.language = language


def today() -> date:
    """Return the day it is where the digest is made."""
    return context().now().astimezone(ZoneInfo(settings().timezone)).date()


def month() -> str:
    """Return the day on which a pause of a month that begins today ends."""
    return (today() + _MONTH).isoformat()


def optional() -> list[str]:
    """Return the sections that a reader can leave, in order."""
    return [section.slug for section in settings().sections if not section.always]


def titles() -> dict[str, str]:
    """Return the title of each section by slug."""
    return {section.slug: section.title for section in settings().sections}
