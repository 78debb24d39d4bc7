"""The form on a reader's own page: what it shows, and what was filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from newsletter.audience.forms import Answers, Form, first, read_sections
from newsletter.audience.preferences import Rest, Wish, rest_of
from newsletter.config import Settings
from newsletter.model import EVERY_SECTION
from newsletter.store.choices import standing, wanted_of
from newsletter.store.people import Record

_LONGEST = timedelta(days=365)
"""Of a pause."""

DAY, NOTHING = "day", "nothing"
"""Faults of the day on which a pause ends: not a day that can be chosen, and nothing is paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The form: as it stands, or as it was filled in, with faults by the name of the input.

    `leaves` when nothing was chosen, and it has to be asked whether leaving is meant.
    """

    answers: Answers
    rest: Rest
    language: str
    faults: Mapping[str, str]
    leaves: bool = False

    @property
    def wish(self) -> Wish:
        """What to make of the reader; only of a form without faults."""
        return Wish(
            sections=self.answers.sections,
            rest=self.rest,
            language=self.language,
        )


def days(today: date) -> tuple[str, str]:
    """Return the first and the last day on which a pause can end."""
    return (today + timedelta(days=1)).isoformat(), (today + _LONGEST).isoformat()


def standing_form(person: Record, settings: Settings, language: str) -> Wishes:
    """Return the form as things stand; `language` is that of the page."""
    answers = Answers(sections=wanted_of(person.choices))
    rest = rest_of(person.choices, _optional(settings))
    return Wishes(answers=answers, rest=rest, language=language, faults={})


def filled_form(form: Form, person: Record, settings: Settings, today: date) -> Wishes:
    """Return the form as `person` filled it in."""
    optional = _optional(settings)
    was = rest_of(person.choices, optional)
    answers = Answers(sections=read_sections(form, optional))
    rest = Rest(
        everything=first(form, "rest") == "all",
        sections=frozenset(form.get("pause", ())) & frozenset(optional),
        until=first(form, "until").strip(),
    )
    sections = _sections(form, answers.sections, rest, person, optional)
    if sections == {EVERY_SECTION} and not rest.everything:
        rest = replace(rest, sections=frozenset())
    same_day = rest.until == was.until
    if same_day and not (rest.everything or rest.sections):
        rest = replace(rest, until="")
    fault = "" if same_day else _fault(rest, today)
    language = first(form, "language")
    return Wishes(
        answers=replace(answers, sections=sections),
        rest=rest,
        language=language if language in settings.languages else person.language,
        faults={"until": fault} if fault else {},
    )


def _sections(
    form: Form, sections: frozenset[str], rest: Rest, person: Record, optional: list[str]
) -> frozenset[str]:
    """Return the sections that are meant where "all" still stands beside boxes that were changed.

    Browsers that do not hide the boxes under "all" (CSS :has, 2022–2023) let readers do that.
    """
    ticked = frozenset(form.get("section", ())) & frozenset(optional)
    had_all = standing(person.choices, EVERY_SECTION).state != "left"
    if EVERY_SECTION in sections and had_all and ticked and (ticked != frozenset(optional) or rest.sections):
        return ticked
    return sections


def _fault(rest: Rest, today: date) -> str:
    if not rest.until:
        return ""
    try:
        day = date.fromisoformat(rest.until).isoformat()
    except ValueError:
        return DAY
    soonest, latest = days(today)
    if day != rest.until or not soonest <= day <= latest:
        return DAY
    return "" if rest.everything or rest.sections else NOTHING


def _optional(settings: Settings) -> list[str]:
    return [section.slug for section in settings.sections if not section.always]
