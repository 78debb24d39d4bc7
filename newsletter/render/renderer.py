"""Render an edition: subject, HTML and text, with slots for each reader's own values."""

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsletter.config import Settings
from newsletter.errors import RenderError
from newsletter.i18n import format_period
from newsletter.model import Edition, Image, Issue, Rendered
from newsletter.render.edition import closing_call
from newsletter.render.events import calendar_address
from newsletter.render.pictures import Pictures
from newsletter.render.shown import Shown, standfirst
from newsletter.render.templates import Templates
from newsletter.render.theme import open_theme
from newsletter.render.typography import bind_html
from newsletter.render.values import Data, plain
from newsletter.slots import EMAIL, GREETING, PREFERENCES, UNSUBSCRIBE, VIEW, slot, split

_KNOWN = frozenset({EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW})
_NEEDED = _KNOWN - {EMAIL}
_GAPS = re.compile(r"\n(?:[ \t]*\n){3,}")
"""More than two empty lines, as blocks without words leave."""


class Renderer:
    """Renders editions in the theme of `settings`, read once: a changed theme needs a new Renderer.

    `themes` are the folders that hold themes, the first that has it wins. Raises ConfigError when none has
    it or its look is faulty, and RenderError when its CSS is.
    """

    def __init__(self, settings: Settings, themes: Sequence[Path], logo: Image | None = None) -> None:
        self._settings = settings
        self._pictures = Pictures(settings, logo)
        self._templates = Templates(
            open_theme(settings.theme, themes, settings.brand.palette), settings.language
        )
        self._inliner = self._templates.inliner()

    def render(self, issue: Issue, edition: Edition) -> Rendered:
        """Return `edition` of `issue` as subject, HTML and text. Raises RenderError."""
        values = self.values(issue, edition)
        subject = " ".join(self._templates.render("subject.txt", values).split())
        values["subject"] = subject
        text = _GAPS.sub("\n\n\n", self._templates.render("issue.txt", values)).strip() + "\n"
        source, compiled = self._templates.html("issue.mjml", values)
        html = bind_html(self._inliner.inline(compiled), self._settings.language)
        _check_slots(source, html, text, greeted=bool(self._settings.greeting))
        pictures = self._pictures.shown(html, (item.picture for item in edition.items))
        return Rendered(
            edition=edition.key,
            subject=subject,
            html=html,
            text=text,
            pictures=pictures,
            sha256=fingerprint(subject, html, text, pictures),
        )

    def values(self, issue: Issue, edition: Edition) -> dict[str, Any]:
        """Return what a theme's templates may use; docs/adding-a-theme.md lists it."""
        settings = self._settings
        base = settings.base_url
        period = format_period(issue.period, settings.language)
        shown = Shown(
            language=settings.language,
            picture=self._pictures.of,
            calendar=lambda item: calendar_address(base, issue.name, item),
        )
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
            **shown.of(edition),
            "count": len(edition.items),
            "call": plain(closing_call(issue.call, edition)),
            "greeting": slot(GREETING) if settings.greeting else "",
            "email": slot(EMAIL),
            "preferences": f"{base}/preferences/{slot(PREFERENCES)}",
            "unsubscribe": f"{base}/unsubscribe/{slot(UNSUBSCRIBE)}",
            "view": f"{base}/view/{slot(VIEW)}",
        }


def brand(settings: Settings, pictures: Pictures) -> Data:
    """Return what a theme knows of the brand beside its colours."""
    return Data(name=settings.publisher, alt=settings.brand.alt or settings.publisher, logo=pictures.logo)


def fingerprint(subject: str, html: str, text: str, pictures: Sequence[Image] = ()) -> str:
    """Return the SHA-256 of all parts, each after its length so that none runs into the next; 64 digits."""
    digest = sha256()
    for part in (subject, html, text, *(image.sha256 for image in pictures)):
        content = part.encode()
        digest.update(b"%d:%b" % (len(content), content))
    return digest.hexdigest()


def _check_slots(source: str, html: str, text: str, *, greeted: bool) -> None:
    """Refuse an edition that lost a slot on the way, lacks a needed one, or has one nobody could fill."""
    before, after = Counter(split(source)[1::2]), Counter(split(html)[1::2])
    if before != after:
        raise RenderError(
            "the HTML does not hold each reader's value as often as the template does",
            "Write links and {{ email }} only in text and in href.",
        )
    for part, names in (("HTML", after.keys()), ("text part", Counter(split(text)[1::2]).keys())):
        if missing := sorted(_NEEDED - names):
            raise RenderError(
                f"the {part} has no link to {missing[0].lower()}", f"Add {{{{ {missing[0].lower()} }}}}."
            )
        if greeted and GREETING not in names:
            raise RenderError(
                f"the {part} greets nobody",
                "Add {{ greeting }} to the theme, or take `greeting` out of newsletter.yaml.",
            )
        if unknown := sorted(names - (_KNOWN | {GREETING} if greeted else _KNOWN)):
            raise RenderError(
                f"the {part} holds {slot(unknown[0])}, a mark that stands for a reader's own value",
                "Take this word out of the items, of issue.yaml or of the theme.",
            )
