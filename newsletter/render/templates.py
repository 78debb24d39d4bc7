"""The theme's Jinja templates in a sandbox, in one language."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jinja2 import FunctionLoader
from markupsafe import Markup

from newsletter.brand import seen_on
from newsletter.errors import Place
from newsletter.i18n import translations
from newsletter.locales import direction
from newsletter.render import markdown, plaintext
from newsletter.render.characters import printable
from newsletter.render.filters import quick
from newsletter.render.inline import Inliner
from newsletter.render.mjml import compile_mjml
from newsletter.render.parts import Marked, Piece, as_words, cut, unmarked
from newsletter.render.sandbox import Sandbox
from newsletter.render.theme import Theme
from newsletter.render.urls import ascii_url

_STYLE = "style.css"
_START, _NAME, _END = "\x02", "\x03", "\x04"
"""Around the name of an MJML file and behind its text, so that a fault is found in the file it came from."""
_MARKS = re.compile(rf"{_START}[\w./-]+{_NAME}|{_END}")
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")


class Templates:
    """The templates of one theme in one language."""

    def __init__(self, theme: Theme, language: str) -> None:
        self._theme = theme
        catalog = translations(language)
        self._environment = Sandbox(
            catalog.gettext,
            catalog.ngettext,
            keep_trailing_newline=True,  # so that a line ends after an included block
            loader=FunctionLoader(self._load),
            autoescape=lambda name: name is not None and name.endswith((".mjml", ".html")),
        )
        for filter_, (work, bound) in _FILTERS.items():
            self._environment.filters.offer(filter_, work, bound)
        self._environment.tests["hashtag"] = markdown.is_hashtag
        start, end = ("left", "right") if direction(language) == "ltr" else ("right", "left")
        self._environment.globals |= {
            "theme": theme.look,
            "light": theme.look.light,
            "dark": theme.look.dark,
            "language": language,
            "direction": direction(language),
            "start": start,
            "end": end,
        }

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template `name` filled in, without control characters. Raises RenderError."""
        return printable(_MARKS.sub("", self._filled(name, values)))

    def _filled(self, name: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(name).render(values)

    def pieces(self, name: str, values: Mapping[str, Any]) -> list[Piece]:
        """Return the text template `name` filled in, cut at its marks. Raises RenderError."""
        return [Piece(one.needs, printable(one.text)) for one in cut(self._filled(name, values))]

    def html(self, name: str, values: Mapping[str, Any]) -> tuple[Marked, str]:
        """Return the MJML template `name` filled in, and its HTML, both with marks as words.

        Raises RenderError.
        """
        filled = self._filled(name, values)
        marked = as_words(_MARKS.sub("", filled))
        marked = replace(marked, source=printable(marked.source))
        return marked, compile_mjml(marked.source, lambda number: self._place(unmarked(filled), name, number))

    def _place(self, filled: str, name: str, number: int) -> Place | None:
        """Return the line of the file that line `number` of the MJML came from, or one that is like it."""
        line, files, found = 1, [name], (name, "")
        for piece in re.split(f"({_MARKS.pattern})", filled):
            if piece.startswith(_START):
                files.append(piece[1:-1])
            elif piece == _END:
                files.pop()
            else:
                lines = piece.split("\n")
                here = lines[number - line].strip() if 0 <= number - line < len(lines) else ""
                found = max(found, (files[-1], here), key=lambda one: len(one[1]))
                line += len(lines) - 1
        return self._theme.find(*found)

    def inliner(self) -> Inliner:
        """Return what moves the theme's style.css into style attributes. Raises RenderError."""
        return Inliner(self.render(_STYLE, {}), lambda words: self._theme.find(_STYLE, words))

    def _load(self, name: str) -> tuple[str, str, None] | None:
        found = self._theme.read(name)
        if found is None:
            return None
        text, at = found
        if name.endswith(".mjml"):
            text = f"{_START}{name}{_NAME}{text}{_END}"
        return text, at.path, None


def _markdown(text: str) -> Markup:
    return Markup(markdown.html(text))  # noqa: S704  nh3 has cleaned it


def _label(text: str) -> str:
    """Return `text` on one line, as an attribute takes it; a no-break space stays one."""
    return _BLANKS.sub(" ", text).strip(" ")


def _url(address: str | None) -> str | None:
    return ascii_url(address) if address else None


def _underlined(text: str, mark: str) -> int:
    return len(text) * (1 + len(mark))


_FILTERS: Mapping[str, tuple[Callable[..., Any], Callable[..., int] | None]] = {
    "markdown": (_markdown, quick),
    "plain": (plaintext.plain, quick),
    "fill": (plaintext.fill, quick),
    "underline": (plaintext.underline, _underlined),
    "label": (_label, None),
    "url": (_url, None),
    "seen_on": (seen_on, None),
}
