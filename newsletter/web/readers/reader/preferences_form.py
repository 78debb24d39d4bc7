"""The preferences form: its current state, and parsing of what was submitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from newsletter.audience.forms import Answers, Form, first, read_sections
from newsletter.audience.preferences import Rest, Wish, rest_of
from newsletter.config import Settings
from newsletter.model import EVERY_SECTION
from newsletter.store.choices import standing, wanted_of
from newsletter.store.people import Record

_LONGEST = timedelta(days=365)
"""The longest pause."""

DAY, NOTHING = "day", "nothing"
"""Errors of a pause's end date: outside the permitted range, or given although nothing is paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The form, current or as submitted, with errors by the name of the input.

    `leaves` is true when no section was chosen, and the page has to ask whether to unsubscribe.
    """

    answers: Answers
    rest: Rest
    language: str
    faults: Mapping[str, str]
    leaves: bool = False

    @property
    def wish(self) -> Wish:
        """The reader's new preferences; only for a form without errors."""
        return Wish(
            sections=self.answers.sections,
            rest=self.rest,
            language=self.language,
        )


def days(today: date) -> tuple[str, str]:
    """Return the first and the last date on which a pause can end (ISO 8601)."""
    return (today + timedelta(days=1)).isoformat(), (today + _LONGEST).isoformat()


def standing_form(person: Record, settings: Settings, language: str) -> Wishes:
    """Return the form with the reader's current preferences; `language` is that of the page."""
    answers = Answers(sections=wanted_of(person.choices))
    rest = rest_of(person.choices, settings.optional_sections)
    return Wishes(answers=answers, rest=rest, language=language, faults={})


def filled_form(form: Form, person: Record, settings: Settings, today: date) -> Wishes:
    """Parse the form as `person` submitted it."""
    optional = settings.optional_sections
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
    form: Form, sections: frozenset[str], rest: Rest, person: Record, optional: Sequence[str]
) -> frozenset[str]:
    """Resolve a contradiction: "all sections" still selected beside single sections that were changed.

    Readers can submit that in browsers without CSS :has (before 2022–2023), which do not hide the boxes.
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
