"""Flask templates in the Jinja sandbox: they get plain values only, no objects of the program."""

from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from jinja2 import FunctionLoader, Undefined

from newsletter.audience.ukraine.communities import register, register_for
from newsletter.config import Settings
from newsletter.i18n import translations
from newsletter.locales import direction
from newsletter.registry import TRANSPORTS
from newsletter.render.budget import Limits
from newsletter.render.sandbox import Sandbox
from newsletter.render.values import Data, Function, Table, plain

_SHARED = "editors"
"""The folder of what the desk and the preview both show, beside their own."""


class PageTemplates(Sandbox):
    """The sandbox for pages: higher limits, as pages show whole messages; a missing key is undefined."""

    limits = Limits(work=50_000_000, size=10_000_000, output=10_000_000)
    missing_key = Undefined


class TemplatedFlask(Flask):
    """A Flask application whose templates cannot reach config, session, g or the request object."""

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add the values that all pages share; replace Flask's `request` and `g` by a few plain values."""
        super().update_template_context(context)
        context.pop("g", None)
        context["direction"] = direction(g.language)
        context["request"] = Data(endpoint=request.endpoint, args=Data(lang=request.args.get("lang")))

    def create_jinja_environment(self) -> Any:
        """Return the sandbox, with the functions that templates may call."""
        pages = Path(self.root_path, self.template_folder or "")

        def load(name: str) -> tuple[str, str, None] | None:
            for folder in (pages, pages.parent / _SHARED):
                file = (folder / name).resolve()
                if file.is_relative_to(folder.resolve()) and file.is_file():
                    at = f"templates/{folder.parent.name}/{folder.name}/{name}"
                    return file.read_text(encoding="utf-8"), at, None
            return None

        made = PageTemplates(
            lambda words: translations(g.language).gettext(words),
            lambda one, many, number: translations(g.language).ngettext(one, many, number),
            loader=FunctionLoader(load),
            autoescape=self.select_jinja_autoescape,
        )
        made.globals["url_for"] = Function(self.url_for)
        return made


def regions(settings: Settings) -> Table:
    """Return the community labels by region; empty when the workspace's forms do not offer communities."""
    return _labels() if register_for(settings) else Table({})


@cache
def _labels() -> Table:
    return Table({region: tuple(one.label for one in ones) for region, ones in register().items()})


_OPERATING = {"bounces", "editors", "oidc", "pace", "serve"}
_last: list[tuple[Settings, Data]] = []


def shown_settings(settings: Settings) -> Data:
    """Return the settings that pages may show, without the operational ones."""
    for known, data in _last:
        if known is settings:
            return data
    made = plain(settings)
    hidden = _OPERATING | TRANSPORTS.keys()
    values = {name: getattr(made, name) for name in made if name not in hidden}
    data = Data(**values, field=Function(settings.field), public_field=Function(settings.public_field))
    _last[:] = [(settings, data)]
    return data
