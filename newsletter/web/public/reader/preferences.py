"""A reader's own page, by the signed link of any letter: sections, pauses, name, language and fields."""

import datetime as dt
from dataclasses import replace
from typing import Any

from flask import Blueprint, g, render_template, request

from newsletter.audience.answers import Form, first
from newsletter.audience.communities import register
from newsletter.audience.handover import HANDED_OVER, holds_post
from newsletter.audience.preferences import Changes, compare, wished
from newsletter.i18n import LANGUAGES, format_period
from newsletter.links import Purpose
from newsletter.model import EVERY_SECTION, Period, SubscriberStatus
from newsletter.store import people
from newsletter.store.choices import by_pausing, by_resuming, has_left, standing
from newsletter.store.db import reading, writing
from newsletter.store.events import COMPLAINED
from newsletter.store.people import Record
from newsletter.web.public import limits
from newsletter.web.public.reader import agreeing, belongings, moving, succession
from newsletter.web.public.reader.access import optional, reader, titles, today
from newsletter.web.public.reader.wishes import Wishes, days, filled_form, standing_form
from newsletter.web.public.site import context, database, settings

pages = Blueprint("preferences", __name__)
for _more in (agreeing.pages, belongings.pages, moving.pages, succession.pages):
    pages.register_blueprint(_more)

_MONTH = dt.timedelta(days=30)


@pages.app_template_filter("day")
def day(date: str) -> str:
    """Return a day, 2025-03-01, in words."""
    found = dt.date.fromisoformat(date)
    return format_period(Period(start=found, end=found), g.language)


@pages.app_url_defaults
def keep_language(endpoint: str, values: dict[str, Any]) -> None:
    """Let a reader's pages lead to each other in the language that was asked for."""
    if endpoint.startswith(("preferences.", "leaving.")) and request.args.get("lang") in LANGUAGES:
        values.setdefault("lang", g.language)


@pages.get("/preferences/<token>")
def show(token: str) -> str:
    """Show what stands."""
    with reading(database()) as connection:
        person = reader(connection, token)
    return _page(token, person, asked=request.args.get("pause", ""))


@pages.post("/preferences/<token>")
@limits.forms
def save(token: str) -> str | tuple[str, int]:
    """Do what the button says, and show what changed; or the form again, when something has to be asked."""
    form = request.form.to_dict(flat=False)
    with writing(database()) as connection:
        person = reader(connection, token, for_update=True)
        after, again = _answered(person, form)
        people.change(connection, person, after, context().now())
    if again:
        return _page(token, person, wishes=again), 422 if again.faults else 200
    if first(form, "language"):
        g.language = after.language or g.language
    return _page(token, after, changes=compare(person, after, optional()))


def _answered(person: Record, form: Form) -> tuple[Record, Wishes | None]:
    """Return what becomes of the reader, and the form if it has to be shown again."""
    if person.status is SubscriberStatus.SUPPRESSED:
        return person, None
    do = first(form, "do")
    if do in _BUTTONS:
        return _BUTTONS[do](person, form), None
    wishes = filled_form(form, person, settings(), today())
    if first(form, "step"):
        return person, replace(wishes, answers=replace(wishes.answers, faults={}), faults={})
    if wishes.faults:
        return person, wishes
    if do == "leave":
        wishes = replace(wishes, answers=replace(wishes.answers, sections=frozenset()))
    elif not wishes.answers.sections and not has_left(person.choices):
        return person, replace(wishes, leaves=True)
    return wished(person, wishes.wish, optional()), None


def _paused(person: Record, form: Form) -> Record:
    until = (today() + _MONTH).isoformat() if first(form, "for") == "month" else ""
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
    """Return the section that a button is about, none for everything; None when there is no such section."""
    section = first(form, "section")
    if section == EVERY_SECTION:
        return []
    return [section] if section in optional() else None


_BUTTONS = {"pause": _paused, "resume": _resumed}


def _page(
    token: str,
    person: Record,
    *,
    wishes: Wishes | None = None,
    changes: Changes | None = None,
    asked: str = "",
) -> str:
    """Return the page; `asked` is the section that a letter's link is about, `*` for all."""
    house = settings()
    if person.status is SubscriberStatus.SUPPRESSED:
        return render_template("stopped.html", person=person, token=token, reason=_reason(person))
    sections = [section for section in house.rubrics if not section.always]
    states = {section.slug: standing(person.choices, section.slug) for section in sections}
    _, closing = context().signer.read(Purpose.PREFERENCES, token)
    named = next((section for section in sections if section.slug == asked), None)
    return render_template(
        "preferences.html",
        person=person,
        token=token,
        wishes=wishes or standing_form(person, house, g.language),
        changes=changes,
        sections=sections,
        titles=titles(),
        always=[section.title for section in house.rubrics if section.always],
        states=states,
        asked=asked if named or asked == EVERY_SECTION else "",
        asked_title=named.title if named else "",
        asked_state=standing(person.choices, asked),
        has_left=has_left(person.choices),
        month=(today() + _MONTH).isoformat(),
        days=days(today()),
        regions=register(),
        holds_post=holds_post(person),
        unsubscribe=context().signer.token(Purpose.UNSUBSCRIBE, person.id, closing),  # no younger link
    )


def _reason(person: Record) -> str:
    if person.reason == HANDED_OVER:
        return "handover"
    return "complaint" if person.reason.startswith(COMPLAINED) else "bounces"
