"""Whom a signed link of a letter is for, and the language to speak to them."""

from datetime import date, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from flask import abort, g, make_response, render_template, request
from sqlalchemy import Connection

from newsletter.errors import LinkInvalid
from newsletter.i18n import LANGUAGES
from newsletter.links import Purpose
from newsletter.store import issues, people
from newsletter.store.people import Record
from newsletter.web.public.site import context, settings

VALID = timedelta(days=366)
"""For how long the links of a letter, beside the one to unsubscribe, lead to a reader's own pages."""


def reader(connection: Connection, token: str, *, for_update: bool = False) -> Record:
    """Return whose pages `token` opens; all that it cannot be looks alike (404)."""
    try:
        number, closing = context().signer.read(Purpose.PREFERENCES, token)
    except LinkInvalid:
        stale()
    person = people.get(connection, number, for_update=for_update) if fresh(connection, closing) else None
    if person is None:
        stale()
    speak(person.language)
    return person


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
    if language in LANGUAGES and request.args.get("lang") not in LANGUAGES:
        g.language = language


def today() -> date:
    """Return the day it is where the digest is made."""
    return context().now().astimezone(ZoneInfo(settings().timezone)).date()


def optional() -> list[str]:
    """Return the sections that a reader can leave, in order."""
    return [section.slug for section in settings().sections if not section.always]


def titles() -> dict[str, str]:
    """Return the title of each section by slug."""
    return {section.slug: section.title for section in settings().sections}
