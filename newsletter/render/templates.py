"""The theme's Jinja templates in a sandbox, in one language."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import FunctionLoader
from markupsafe import Markup

from newsletter.i18n import translations
from newsletter.locales import direction
from newsletter.render import markdown, plaintext
from newsletter.render.characters import printable
from newsletter.render.filters import quick
from newsletter.render.inline import Inliner
from newsletter.render.mjml import compile_mjml
from newsletter.render.sandbox import Sandbox
from newsletter.render.theme import Theme
from newsletter.render.urls import ascii_url
from newsletter.render.values import plain

_STYLE = "style.css"
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")


class Templates:
    """The templates of one theme in one language."""

    def __init__(self, theme: Theme, language: str) -> None:
        self._theme = theme
        catalog = translations(language)
        self._environment = Sandbox(
            catalog.gettext,
            catalog.ngettext,
            loader=FunctionLoader(self._load),
            autoescape=lambda name: name is not None and name.endswith((".mjml", ".html")),
        )
        for filter_, (work, bound) in _FILTERS.items():
            self._environment.filters.offer(filter_, work, bound)
        self._environment.tests["hashtag"] = markdown.is_hashtag
        self._environment.globals |= {
            "theme": plain(theme.look),
            "language": language,
            "direction": direction(language),
        }

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template `name` filled in, without control characters. Raises RenderError."""
        return printable(self._environment.get_template(name).render(values))

    def html(self, name: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """Return the MJML template `name` filled in, and the HTML of it. Raises RenderError."""
        source = self.render(name, values)
        return source, compile_mjml(source, lambda line: self._theme.find(name, line))

    def inliner(self) -> Inliner:
        """Return what moves the theme's style.css into style attributes. Raises RenderError."""
        return Inliner(self.render(_STYLE, {}), lambda words: self._theme.find(_STYLE, words))

    def _load(self, name: str) -> tuple[str, str, None] | None:
        found = self._theme.read(name)
        if found is None:
            return None
        text, at = found
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
}
