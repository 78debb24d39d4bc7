"""The theme's Jinja templates in a sandbox, and their faults with file and line."""

from collections.abc import Mapping
from traceback import walk_tb
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from newsletter.errors import NewsletterError, Place, RenderError
from newsletter.i18n import translations
from newsletter.render import markdown, plaintext
from newsletter.render.characters import printable
from newsletter.render.theme import Theme
from newsletter.render.urls import ascii_url


class _Sandbox(ImmutableSandboxedEnvironment):
    """Asks once for each type and attribute whether it is safe: that is all the answer depends on."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._safe: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        known = self._safe.get((type(obj), attr))
        if known is None:
            known = self._safe[type(obj), attr] = super().is_safe_attribute(obj, attr, value)
        return known


class Templates:
    """The templates of one theme in one language."""

    def __init__(self, theme: Theme, language: str) -> None:
        self._theme = theme
        self._loaded: set[str] = set()
        self._environment = _Sandbox(
            loader=FunctionLoader(self._load),
            autoescape=lambda name: name is not None and name.endswith((".mjml", ".html")),
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.install_gettext_translations(  # type: ignore[attr-defined]  # the extension adds it
            translations(language), newstyle=True
        )
        self._environment.filters |= {
            "markdown": _markdown,
            "plain": plaintext.plain,
            "fill": plaintext.fill,
            "underline": plaintext.underline,
            "label": _label,
            "url": _url,
        }
        self._environment.tests["hashtag"] = markdown.is_hashtag
        self._environment.globals |= {"theme": theme.look, "language": language}

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the template `name` filled in, without control characters. Raises RenderError."""
        try:
            filled = self._environment.get_template(name).render(values)
        except NewsletterError:
            raise
        except Exception as error:  # noqa: BLE001  a template can fail in any way that code can
            raise self._explained(error) from None
        return printable(filled)

    def _load(self, name: str) -> tuple[str, str, None] | None:
        found = self._theme.read(name)
        if found is None:
            return None
        text, at = found
        self._loaded.add(at.path)
        return text, at.path, None

    def _explained(self, error: Exception) -> RenderError:
        """Return `error` with the innermost line of a template that led to it."""
        at = None
        if isinstance(error, TemplateSyntaxError):
            at = Place(error.filename or error.name or "", error.lineno)
        else:
            for frame, line in walk_tb(error.__traceback__):
                if frame.f_code.co_filename in self._loaded:
                    at = Place(frame.f_code.co_filename, line)
        return RenderError(
            f"the template fails: {str(error) or type(error).__name__}",
            "The names a template may use are listed in docs/adding-a-theme.md.",
            at,
        )


def _markdown(text: str) -> Markup:
    return Markup(markdown.html(text))  # noqa: S704  nh3 has cleaned it


def _label(text: str) -> str:
    """Return `text` on one line, as an attribute takes it."""
    return " ".join(text.split())


def _url(address: str | None) -> str | None:
    return ascii_url(address) if address else None
