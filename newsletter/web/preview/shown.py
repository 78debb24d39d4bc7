"""Convert snapshots, choices, messages and findings to plain values for the preview's templates."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from flask import g

from newsletter.checks.clients import Feature, Knows
from newsletter.config import Settings
from newsletter.errors import Place, Problem
from newsletter.i18n import said
from newsletter.model import Edition, ItemKind
from newsletter.render.values import Data, Function, plain
from newsletter.web.preview.choice import Choice
from newsletter.web.preview.letter import Letter
from newsletter.web.preview.proofs import Sheet, Snapshot
from newsletter.web.preview.view import View


def shown_issues(closings: Iterable[date], settings: Settings) -> list[Data]:
    """Return the closing days and periods of issues."""
    return [Data(closing=day, period=plain(settings.period(day))) for day in closings]


def shown_view(view: View) -> Data:
    """Return the state of the page, with functions that build URL queries from it."""
    values = {name: plain(getattr(view, name)) for name in (*View.__slots__, "next_scheme", "next_part")}
    return Data(**values, query=Function(view.query), of=Function(view.of))


def shown_snapshot(snapshot: Snapshot) -> Data:
    """Return the values of an issue that all pages show."""
    proof = snapshot.proof
    return Data(
        period=plain(proof.issue.period),
        editions=len(proof.tally),
        without=proof.without,
        problems=gathered(proof.problems),
    )


def shown_sheet(sheet: Sheet, name: str = "") -> Data:
    """Return the values of an edition: titles, findings and, if it could be rendered, sizes."""
    return Data(
        name=name,
        titles=_titles(sheet.edition),
        items=len(sheet.edition.items),
        lead=next((item.title for item in sheet.edition.items if item.lead), ""),
        events=sum(item.kind is ItemKind.EVENT for item in sheet.edition.items),
        partners=sum(item.kind is ItemKind.PARTNER for item in sheet.edition.items),
        page=Data(subject=sheet.page.subject, html=_size(sheet.page.html), text=_size(sheet.page.text))
        if sheet.page
        else None,
        problems=gathered(sheet.problems),
        errors=sum(problem.severity == "error" for problem in sheet.problems),
        warnings=sum(problem.severity == "warning" for problem in sheet.problems),
    )


def shown_choice(choice: Choice) -> Data:
    """Return the values of the chosen edition and its rank."""
    return Data(
        sheet=shown_sheet(choice.sheet),
        reader=choice.reader.email if choice.reader else "",
        number=choice.number,
        readers=choice.readers,
        before=choice.before,
        after=choice.after,
    )


def shown_letter(letter: Letter | None) -> Data | None:
    """Return the values of a message: its parts, its source as text, and its size in bytes."""
    if letter is None:
        return None
    names = ("text", "mail_from", "sha256", "signed", "headers", "source", "opening")
    return Data(**{name: plain(getattr(letter, name)) for name in names}, size=len(letter.content))


def shown_features(features: Iterable[tuple[Feature, int]]) -> list[Data]:
    """Return what an edition uses that some mail programs do not know: those programs, and how often."""
    return [
        Data(
            title=one.title,
            url=one.url,
            elements=count,
            programs=tuple(one.programs(Knows.NOTHING)),
            partly=tuple(one.programs(Knows.PART)),
        )
        for one, count in features
    ]


def gathered(problems: Iterable[Problem]) -> Sequence[Data]:
    """Group equal problems into one with all its places; errors first."""
    places: defaultdict[Problem, list[Place]] = defaultdict(list)
    for problem in problems:
        places[replace(problem, at=None)] += [problem.at] if problem.at else []
    found = sorted(places.items(), key=lambda entry: entry[0].severity.rank)
    return tuple(shown_problem(one, at) for one, at in found)


def shown_problem(one: Problem, at: Iterable[Place] = ()) -> Data:
    """Return a finding in the language of the page.

    `language` is "en" where the catalog lacks it, else empty.
    """
    text, hint = said(one.text, g.language), said(one.hint, g.language)
    return Data(
        severity=one.severity.value,
        code=one.code,
        text=str(text),
        hint=str(hint),
        language="en" if text == one.text and g.language != "en" else "",
        places=tuple(map(str, at)),
    )


def _titles(edition: Edition) -> tuple[str, ...]:
    return tuple(block.section.title for block in edition.blocks)


def _size(text: str) -> int:
    return len(text.encode())
