"""Render an edition: subject, HTML and text, with slots for each reader's own values."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsletter.config import Settings
from newsletter.errors import Message, RenderError
from newsletter.i18n import format_period
from newsletter.model import ClosingCall, Edition, Image, Issue, Rendered, anchor_of
from newsletter.recipes import rendered
from newsletter.render.budget import many
from newsletter.render.edition import Editions, closing_call
from newsletter.render.events import calendar_address
from newsletter.render.facts import Lead, Numbers
from newsletter.render.parts import Piece, as_marks, cut, unmarked
from newsletter.render.pictures import Pictures
from newsletter.render.shown import Shown, standfirst
from newsletter.render.templates import Templates
from newsletter.render.theme import open_theme
from newsletter.render.typography import bind_html
from newsletter.render.values import Data, Fact
from newsletter.slots import EMAIL, GREETING, PREFERENCES, UNSUBSCRIBE, VIEW, slot, split

_KNOWN = frozenset({EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW})
_NEEDED = _KNOWN - {EMAIL}
_GAPS = re.compile(r"\n(?:[ \t]*\n){3,}")
"""More than two empty lines, as blocks without words leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A rendering in pieces, each of which an edition shows or lacks; the subject is every edition's."""

    subject: str
    html: Sequence[Piece]
    text: Sequence[Piece]


class Renderer:
    """Renders editions in the theme of `settings`, read once: a changed theme needs a new Renderer.

    `themes` are the folders that hold themes, the first that has it wins. Raises ConfigError when none has
    it or its look is faulty, and RenderError when its CSS is.
    """

    def __init__(self, settings: Settings, themes: Sequence[Path], logo: Image | None = None) -> None:
        self._settings = settings
        self._pictures = Pictures(settings, logo)
        self._theme = open_theme(settings.theme, themes, settings.brand.palette)
        self._templates = Templates(self._theme, settings.language)
        self._inliner = self._templates.inliner()

    def render(self, issue: Issue, edition: Edition) -> Rendered:
        """Return `edition` of `issue` as subject, HTML and text, by itself. Raises RenderError."""
        subject, marked, pieces = self._fill(self.values(issue, edition))
        html, text = unmarked(marked), "".join([piece.text for piece in pieces])
        _check_needed(html, text, greeted=bool(self._settings.greeting))
        pictures = self._pictures.shown(html, (item.picture for item in edition.items))
        return rendered(edition.key, subject, html, text, pictures)

    def whole(self, editions: Editions) -> Whole:
        """Return all that any edition may show, cut into pieces, each with what it needs. Raises RenderError.

        What every message needs has to be in what every edition has.
        """
        with many(len(editions.issue.blocks)):
            subject, marked, text = self._fill(self._values_of_all(editions))
        html = cut(marked)
        fixed = ["".join([one.text for one in part if not one.needs]) for part in (html, text)]
        _check_needed(*fixed, greeted=bool(self._settings.greeting))
        return Whole(subject=subject, html=html, text=text)

    @property
    def contents(self) -> int:
        """From how many sections up the theme shows a list of contents."""
        found: int = self._theme.look.contents
        return found

    def images(self, html: str, issue: Issue) -> tuple[Image, ...]:
        """Return the pictures of an issue, and the logo, that `html` shows."""
        return self._pictures.shown(html, (item.picture for block in issue.blocks for item in block.items))

    def _fill(self, values: dict[str, Any]) -> tuple[str, str, list[Piece]]:
        """Return the subject, the HTML with its marks, and the pieces of the text. Raises RenderError."""
        subject = " ".join(self._templates.render("subject.txt", values).split())
        values["subject"] = subject
        text = list(_tidy(self._templates.pieces("issue.txt", values)))
        marked, compiled = self._templates.html("issue.mjml", values)
        inlined = as_marks(self._inliner.inline(compiled), marked)
        html = bind_html(inlined, self._settings.language)
        said = "".join([one.text for one in text])
        _check_slots(marked.source, html, said, greeted=bool(self._settings.greeting))
        return subject, html, text

    def values(self, issue: Issue, edition: Edition) -> dict[str, Any]:
        """Return what a theme's templates may use; docs/adding-a-theme.md lists it."""
        numbers = Numbers(issue)
        so = numbers.all_of(issue, edition, self.contents)
        shown = self._shown(issue, numbers, lambda name: Fact(name, held=name in so))
        call = closing_call(issue.call, edition)
        return self._values_around(issue, call, shown) | {"count": len(edition.items), **shown.of(edition)}

    def _values_of_all(self, editions: Editions) -> dict[str, Any]:
        """Return what a theme is given to render all that any edition may show; no fact is known then."""
        issue = editions.issue
        shown = self._shown(issue, Numbers(issue), lambda name: Fact(name, held=None))
        blocks = editions.places.blocks
        leads = [
            Lead(block, item, opens)
            for block in blocks
            for item in block.items
            if item.lead
            for opens in (True, False)
        ]
        about = {"count": sum(len(block.items) for block in issue.blocks), "lead": None}
        return (
            self._values_around(issue, issue.call, shown) | about | shown.blocks(blocks) | shown.leads(leads)
        )

    def _shown(self, issue: Issue, numbers: Numbers, fact: Callable[[str], Fact]) -> Shown:
        base = self._settings.base_url
        return Shown(
            language=self._settings.language,
            picture=self._pictures.of,
            calendar=lambda item: calendar_address(base, issue.name, item),
            archive=lambda item: f"{base}/issues/{issue.name}#{anchor_of(item.id)}",
            numbers=numbers,
            fact=fact,
        )

    def _values_around(self, issue: Issue, call: ClosingCall | None, shown: Shown) -> dict[str, Any]:
        """Return the values that do not depend on the edition, but for the closing call."""
        settings = self._settings
        base = settings.base_url
        period = format_period(issue.period, settings.language)
        return {
            "title": settings.title,
            "publisher": settings.publisher,
            "postal_address": settings.postal_address,
            "site": settings.site,
            "read_more": settings.read_more,
            "subject": issue.subject,
            "preheader": issue.preheader,
            "intro": issue.intro,
            "standfirst": standfirst(issue.subject, settings.title, period),
            "period": period,
            "brand": brand(settings, self._pictures),
            "call": Data(text=call.text, hashtag=call.hashtag, here=shown.fact("call")) if call else None,
            "greeting": slot(GREETING) if settings.greeting else "",
            "email": slot(EMAIL),
            "preferences": f"{base}/preferences/{slot(PREFERENCES)}",
            "unsubscribe": f"{base}/unsubscribe/{slot(UNSUBSCRIBE)}",
            "view": f"{base}/view/{slot(VIEW)}",
        }


def _tidy(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the pieces of a text without gaps, nor blanks at its beginning, with one line end at its end."""
    last = len(pieces) - 1
    for number, one in enumerate(pieces):
        text = _GAPS.sub("\n\n\n", one.text)
        text = text.lstrip() if number == 0 else text
        yield Piece(one.needs, text.rstrip() + "\n" if number == last else text)


def brand(settings: Settings, pictures: Pictures) -> Data:
    """Return what a theme knows of the brand beside its colours."""
    return Data(name=settings.publisher, alt=settings.brand.alt or settings.publisher, logo=pictures.logo)


def _check_slots(source: str, html: str, text: str, *, greeted: bool) -> None:
    """Refuse a rendering that lost a slot on the way, or has one that nobody could fill."""
    before, after = Counter(split(source)[1::2]), Counter(split(html)[1::2])
    if before != after:
        raise RenderError(
            "the HTML does not hold each reader's value as often as the template does",
            "Write links and {{ email }} only in text and in href.",
        )
    known = _KNOWN | {GREETING} if greeted else _KNOWN
    for part, names in (("HTML", after.keys()), ("text part", Counter(split(text)[1::2]).keys())):
        if unknown := sorted(names - known):
            raise RenderError(
                Message(
                    "the %(part)s holds %(slot)s, a mark that stands for a reader's own value",
                    part=part,
                    slot=slot(unknown[0]),
                ),
                "Take this word out of the items, of issue.yaml or of the theme.",
            )


def _check_needed(html: str, text: str, *, greeted: bool) -> None:
    """Refuse a rendering that lacks a slot which every message needs."""
    for part, content in (("HTML", html), ("text part", text)):
        names = set(split(content)[1::2])
        if missing := sorted(_NEEDED - names):
            raise RenderError(
                Message("the %(part)s has no link to %(missing)s", part=part, missing=missing[0].lower()),
                Message("Add {{ %(missing)s }}.", missing=missing[0].lower()),
            )
        if greeted and GREETING not in names:
            raise RenderError(
                Message("the %(part)s greets nobody", part=part),
                "Add {{ greeting }} to the theme, or take `greeting` out of newsletter.yaml.",
            )
