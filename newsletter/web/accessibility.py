"""The report on accessibility as one HTML file, which a public body can publish with its statement."""

from pathlib import Path

from babel.numbers import format_decimal
from jinja2 import FunctionLoader

from newsletter.checks.accessibility import ALL
from newsletter.config import Settings
from newsletter.i18n import format_day, said, translations
from newsletter.locales import direction
from newsletter.render.values import Data, plain
from newsletter.services import theme_folders
from newsletter.services.accessibility import Found, Report
from newsletter.web.brand import style
from newsletter.web.templates import PageTemplates

_NAME = "accessibility.html"


def page(report: Report, settings: Settings, language: str) -> str:
    """Return the report as a page in `language`, with its styles in it."""
    catalog = translations(language)
    folder = theme_folders(Path())[-1] / "web/report"

    def load(name: str) -> tuple[str, str, None]:
        return (folder / name).read_text(encoding="utf-8"), f"templates/web/report/{name}", None

    templates = PageTemplates(catalog.gettext, catalog.ngettext, loader=FunctionLoader(load), autoescape=True)
    at = report.tested_at.isoformat()
    reading = report.reading
    made: str = templates.get_template(_NAME).render(
        language=language,
        direction=direction(language),
        colours=style(settings.brand.palette),
        publisher=settings.publisher,
        contact=settings.sender.reply_to or settings.sender.address,
        report=plain(report),
        at=at,
        day=format_day(at, settings.timezone, language),
        average=format_decimal(reading.per_sentence, format="0.0", locale=language) if reading else "",
        all=ALL,
        criteria=tuple(
            Data(**{**_values(one), "name": catalog.gettext(one.name)}) for one in report.criteria
        ),
        barriers=tuple(_shown(one, language) for one in report.found if one.certain),
        to_judge=tuple(_shown(one, language) for one in report.found if not one.certain),
    )
    return made


def _values(one: object) -> dict[str, object]:
    data = plain(one)
    return {name: getattr(data, name) for name in data}


def _shown(one: Found, language: str) -> Data:
    """Return a barrier in words; those of axe are English."""
    return Data(
        **{**_values(one), "text": said(one.text, language), "language": "en" if one.by else language}
    )
