"""The form of an item: what was typed into it, and what its page shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from newsletter.audience.ukraine.communities import register_for
from newsletter.checks.lines import field_at
from newsletter.conditions import SECTION
from newsletter.config import Settings
from newsletter.errors import Problem
from newsletter.model import ItemKind
from newsletter.render.values import Data, Table, plain
from newsletter.services.editing.fields import NAMES, ItemFields
from newsletter.services.editing.sentence import Part, Sentence, line_of, sentence_of
from newsletter.web.preview.shown import shown_problem

_ONE_LINE = ("title", "link", "date", "when", "until", "where", "alt", "caption", "credit")
_ANCHORS = {"only_for": "only-for", "file": "picture", "focus": "shape"}
"""The fields that are several inputs, whose id is that of what surrounds them."""
_CURES = {"item-heavy": "trim", "link-missing": "link"}
"""The fields that mend findings which stand elsewhere, as the file may have no such key yet."""
_SPARE = 1
"""Empty parts that the form offers for a longer sentence; without a script another comes with each save."""


def typed_fields(form: MultiDict[str, str], settings: Settings) -> ItemFields:
    """Return an item's fields as a form holds them."""
    values: dict[str, Any] = {name: " ".join(form.get(name, "").split()) for name in _ONE_LINE}
    return ItemFields(
        **values,
        kind=form.get("kind") or ItemKind.NEWS.value,
        lead="lead" in form,
        trim="trim" in form,
        sections=_sections(form),
        text=form.get("text", "").replace("\r\n", "\n").strip("\n"),
        only_for=_only_for(form, settings),
        file="" if "no_picture" in form else form.get("file", ""),
        shape=(shape := form.get("shape", "").strip()),
        focus=" ".join(" ".join(form.getlist("focus")).split()) if shape else "",
    )


def _sections(form: MultiDict[str, str]) -> tuple[str, ...]:
    """Return the chosen sections: those that the item had in their order, then the new ones."""
    chosen = list(dict.fromkeys(form.getlist("sections")))
    before = [slug for slug in form.get("had_sections", "").split() if slug in chosen]
    return tuple(dict.fromkeys([*before, *chosen]))


def _only_for(form: MultiDict[str, str], settings: Settings) -> str:
    if "only_for" in form:
        return " ".join(form["only_for"].split())
    parts = [
        Part(field, holds != "not", tuple(value.strip() for value in values.split(";") if value.strip()))
        for field, holds, values in zip(
            form.getlist("who"), form.getlist("holds"), form.getlist("values"), strict=False
        )
    ]
    return line_of(Sentence(form.get("every") != "any", tuple(parts)), settings)


def shown_fields(fields: ItemFields, settings: Settings) -> Data:
    """Return the fields, with `only_for` as the parts of a sentence where it is one."""
    sentence = sentence_of(fields.only_for, settings)
    values = {name: plain(getattr(fields, name)) for name in NAMES}
    blank = [Part("", True, ())] * _SPARE  # noqa: FBT003  a value, not a flag
    return Data(
        **values,
        point=tuple([*fields.focus.split(), "50", "50"][:2]) if fields.focus else ("50", "50"),
        every=sentence.every if sentence else True,
        parts=tuple(
            Data(field=part.field, holds=part.holds, values="; ".join(part.values))
            for part in (*sentence.parts, *blank)
        )
        if sentence
        else None,
    )


def shown_who(settings: Settings) -> Data:
    """Return what a sentence may say of readers: their fields with labels, and known values of each."""
    values: dict[str, tuple[str, ...]] = {SECTION: tuple(section.title for section in settings.sections)}
    for slug, field in settings.fields.items():
        values[slug] = field.choices or (tuple(register_for(settings)) if field.kind == "region" else ())
    return Data(
        section=SECTION,
        fields=tuple(Data(slug=slug, label=field.label) for slug, field in settings.fields.items()),
        values=Table({slug: known for slug, known in values.items() if known}),
    )


def by_field(text: str, problems: Sequence[Problem]) -> Mapping[str, tuple[Data, ...]]:
    """Return the findings on an item by the field of the form that each concerns."""
    found: dict[str, list[Data]] = {}
    for problem in problems:
        name = _field(text, problem)
        found.setdefault(name, []).append(shown_problem(problem))
    return {name: tuple(some) for name, some in found.items()}


def anchor(text: str, problem: Problem) -> str:
    """Return the id of what a finding on an item's `text` concerns, on the item's page."""
    name = _field(text, problem)
    return _ANCHORS.get(name, name)


def _field(text: str, problem: Problem) -> str:
    if problem.code in _CURES:
        return _CURES[problem.code]
    key = field_at(text, problem.at.line if problem.at else 0)
    if key == "section":
        return "sections"
    if key == "picture":
        return next((one for one in ("alt", "focus", "shape") if one in problem.text), "file")
    return key if key in NAMES else "title"


def both_versions(mine: ItemFields, theirs: ItemFields, base: ItemFields | None) -> dict[str, Any]:
    """Return the fields in which two versions differ, and those in which they do not.

    Where it is known what both began with, theirs is proposed for what only they have changed.
    """
    differing, same = [], []
    for name in NAMES:
        own, other = getattr(mine, name), getattr(theirs, name)
        if own == other:
            same.append(Data(name=name, value=_words(own)))
        else:
            is_theirs = base is not None and own == getattr(base, name)
            differing.append(Data(name=name, mine=_words(own), theirs=_words(other), take_theirs=is_theirs))
    return {"differing": tuple(differing), "same": tuple(same)}


def merged_fields(form: MultiDict[str, str]) -> ItemFields:
    """Return the fields that were chosen of two versions; ours may have been edited in choosing."""
    values: dict[str, Any] = {}
    for name in NAMES:
        taken = "theirs" if form.get(f"take_{name}") == "theirs" else "mine"
        value = form.get(f"{taken}_{name}", "").replace("\r\n", "\n")
        values[name] = value.strip("\n") if name == "text" else " ".join(value.split())
    values |= {name: values[name] == "true" for name in ("lead", "trim")}
    values["sections"] = tuple(values["sections"].split())
    return ItemFields(**values)


def _words(value: str | bool | tuple[str, ...]) -> str:  # noqa: FBT001  a field's value
    if isinstance(value, tuple):
        return " ".join(value)
    return ("true" if value else "") if isinstance(value, bool) else value
