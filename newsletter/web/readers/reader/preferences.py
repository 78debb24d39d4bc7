"""A reader's preferences page, opened by the signed link of any message: sections, pauses, language.

Messages get forwarded, so the link shows nothing personal, and permits only what is visible and reversible.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, g, render_template, request

from newsletter.audience import stepup
from newsletter.audience.forms import Form, first
from newsletter.audience.handover import post_fields
from newsletter.audience.preferences import Changes, compare, wished
from newsletter.i18n import format_period
from newsletter.model import EVERY_SECTION, Period, SubscriberStatus
from newsletter.redaction import masked
from newsletter.store import people
from newsletter.store.choices import by_pausing, by_resuming, has_left, standing
from newsletter.store.db import reading, writing
from newsletter.store.people import Record
from newsletter.store.requests import Kind
from newsletter.web.readers import limits
from newsletter.web.readers.reader import moving, my_data
from newsletter.web.readers.reader.preferences_form import Wishes, days, filled_form, standing_form
from newsletter.web.readers.reader.reader_links import month, optional, reader, titles, today
from newsletter.web.readers.site import database, settings, workspace

pages = Blueprint("preferences", __name__)
for _more in (my_data.pages, moving.pages):
    pages.register_blueprint(_more)


@pages.app_template_filter("day")
def day(date: str) -> str:
    """Format a date (2025-03-01) in words."""
    found = dt.date.fromisoformat(date)
    return format_period(Period(start=found, end=found), g.language)


@pages.app_url_defaults
def keep_language(endpoint: str, values: dict[str, Any]) -> None:
    """Keep the `lang` parameter in links between a reader's pages."""
    ours = endpoint.startswith(("preferences.", "leaving.", "mailing."))
    if ours and request.args.get("lang") in settings().languages:
        values.setdefault("lang", g.language)


@pages.get("/preferences/<token>")
def show(token: str) -> str:
    """Show the current preferences."""
    with reading(database()) as connection:
        person = reader(connection, token)
    return _page(token, person, asked=request.args.get("pause", ""))


@pages.post("/preferences/<token>")
@limits.forms
def save(token: str) -> str | tuple[str, int]:
    """Apply the pressed button and show what changed; or the form again, with errors or a question."""
    form = request.form.to_dict(flat=False)
    with writing(database()) as connection:
        person = reader(connection, token, for_update=True)
        after, again = _answered(person, form)
        people.change(connection, person, after, workspace().now())
    if again:
        return _page(token, person, wishes=again), 422 if again.faults else 200
    if first(form, "language"):
        g.language = after.language or g.language
    return _page(token, after, changes=compare(person, after, optional()))


@pages.post("/preferences/<token>/mail")
@limits.forms
def mail(token: str) -> str:
    """Mail the reader a link for a personal action; the answer is the same whether a mail is sent or not."""
    kind = _MAILED.get(request.form.get("what", "")) or abort(404)
    with writing(database()) as connection:
        person = reader(connection, token, for_update=True)
        stepup.ask(connection, person, kind, g.language, workspace().now())
    if person.status is SubscriberStatus.SUPPRESSED:
        return _page(token, person)
    return render_template("mailed.html", token=token, address=masked(person.email))


def _answered(person: Record, form: Form) -> tuple[Record, Wishes | None]:
    """Return the reader's new record, and the form if it has to be shown again."""
    if person.status is SubscriberStatus.SUPPRESSED:
        return person, None
    do = first(form, "do")
    if do in _BUTTONS:
        return _BUTTONS[do](person, form), None
    wishes = filled_form(form, person, settings(), today())
    if wishes.faults:
        return person, wishes
    if do == "leave":
        wishes = replace(wishes, answers=replace(wishes.answers, sections=frozenset()))
    elif not wishes.answers.sections and not has_left(person.choices):
        return person, replace(wishes, leaves=True)
    return wished(person, wishes.wish, optional()), None


def _paused(person: Record, form: Form) -> Record:
    until = month() if first(form, "for") == "month" else ""
    sections = _named(form)
    if sections is None:
        return person
    return replace(person, choices=by_pausing(person.choices, sections, until, optional()))


def _resumed(person: Record, form: Form) -> Record:
    sections = _named(form)
    if sections is None:
        return person
    return replace(person, choices=by_resuming(person.choices, sections, optional()))


def _named(form: Form) -> list[str] | None:
    """Return the section of a button, [] for everything; None when there is no such section."""
    section = first(form, "section")
    if section == EVERY_SECTION:
        return []
    return [section] if section in optional() else None


_MAILED = {kind.value: kind for kind in (*stepup.PURPOSES, Kind.LINK)}
_BUTTONS = {"pause": _paused, "resume": _resumed}


def _page(
    token: str,
    person: Record,
    *,
    wishes: Wishes | None = None,
    changes: Changes | None = None,
    asked: str = "",
) -> str:
    """Render the page; `asked` is the section named by the pause link of a message, `*` for all."""
    house = settings()
    if person.status is SubscriberStatus.SUPPRESSED:
        return render_template("stopped.html", address=masked(person.email))
    sections = [section for section in house.model_sections if not section.always]
    states = {section.slug: standing(person.choices, section.slug) for section in sections}
    named = next((section for section in sections if section.slug == asked), None)
    return render_template(
        "preferences.html",
        address=masked(person.email),
        token=token,
        wishes=wishes or standing_form(person, house, g.language),
        changes=changes,
        sections=sections,
        titles=titles(),
        always=[section.title for section in house.model_sections if section.always],
        states=states,
        asked=asked if named or asked == EVERY_SECTION else "",
        asked_title=named.title if named else "",
        asked_state=standing(person.choices, asked),
        has_left=has_left(person.choices),
        month=month(),
        days=days(today()),
        passes_posts=bool(post_fields(house)),
    )
