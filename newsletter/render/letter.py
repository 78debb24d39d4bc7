"""Render opt-in and service letters: the text of a kind in the theme's design, with slots for values.

Each kind has one text file in `templates/mail`, from which both the HTML and the text part are made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

from newsletter.config import Settings
from newsletter.errors import RenderError
from newsletter.model import Image, Rendered
from newsletter.recipes import rendered
from newsletter.render.inline import Inliner
from newsletter.render.pictures import Pictures
from newsletter.render.renderer import brand
from newsletter.render.templates import Templates
from newsletter.render.theme import Theme, open_theme
from newsletter.render.typography import bind_html
from newsletter.slots import EMAIL, slot

LINK, OTHER = "LINK", "OTHER"
"""The slots of a letter beside EMAIL: the page to open, and the other address that it speaks of."""

_FOLDER = "mail"


def letter_faults(settings: Settings, themes: Sequence[Path]) -> Iterator[RenderError]:
    """Render every letter of a workspace that has its own words for some, and give what fails, each once."""
    own = themes[0] / _FOLDER
    if not own.is_dir() or own.samefile(themes[-1] / _FOLDER):
        return
    letters, given = Letters(settings, themes), set()
    kinds = {file.stem for root in themes for file in (root / _FOLDER).glob("*.txt")} - {"letter", "subject"}
    for kind, language in product(sorted(kinds), settings.languages):
        try:
            letters.page(kind, language)
        except RenderError as error:
            if str(error) not in given:
                given.add(str(error))
                yield error


def with_letters(theme: Theme, themes: Sequence[Path]) -> Theme:
    """Return `theme` with the templates of letters before its own."""
    own = [root / _FOLDER for root in themes if (root / _FOLDER).is_dir()]
    return replace(theme, folders=(*own, *theme.folders))


class Letters:
    """Letters in the theme of `settings`, each kind rendered once in a language; `themes` hold the templates.

    Raises ConfigError and RenderError as Renderer does.
    """

    def __init__(self, settings: Settings, themes: Sequence[Path], logo: Image | None = None) -> None:
        self._pictures = Pictures(settings, logo)
        self._theme = with_letters(open_theme(settings.theme, themes, settings.brand.palette), themes)
        self._values = {
            "title": settings.title,
            "publisher": settings.publisher,
            "brand": brand(settings, self._pictures),
            "period": "",
            "standfirst": "",
            "postal_address": settings.postal_address,
            "email": slot(EMAIL),
            "link": slot(LINK),
            "other": slot(OTHER),
        }
        self.page = cache(self._page)
        self._tools = cache(self._open)

    def _open(self, language: str) -> tuple[Templates, Inliner]:
        templates = Templates(self._theme, language)
        return templates, templates.inliner()

    def _page(self, kind: str, language: str) -> Rendered:
        """Return the letter of `kind` in `language`."""
        templates, inliner = self._tools(language)
        values = {**self._values, "kind": kind}
        subject = " ".join(templates.render("subject.txt", values).split())
        text = templates.render("letter.txt", values).strip() + "\n"
        _, compiled = templates.html("letter.mjml", values)
        html = bind_html(inliner.inline(compiled), language)
        return rendered(f"{kind}-{language}", subject, html, text, self._pictures.shown(html))
