"""The web application: its templates, languages and security headers, and what it says of faults."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from babel.numbers import format_decimal
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from newsletter.checks.markup import KILOBYTE
from newsletter.config import Settings
from newsletter.errors import ConfigError, ContentError, NewsletterError, Place, Problem, Severity
from newsletter.i18n import LANGUAGES, format_period, translations
from newsletter.model import Period
from newsletter.web.preview import ClosingDate, pages, trouble
from newsletter.web.proofs import Proofs
from newsletter.web.reload import Watch
from newsletter.wiring import theme_folders

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(proofs: Proofs, watch: Watch) -> Flask:
    """Return the preview of the workspace of `proofs`; it answers to this machine's own names only."""
    shipped = theme_folders(proofs.context.root)[-1] / "web"
    app = Flask(__name__, template_folder=shipped, static_folder=shipped / "static")
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]  # against DNS rebinding
    app.extensions |= {"proofs": proofs, "watch": watch}
    app.url_map.converters["closing"] = ClosingDate
    app.register_blueprint(pages)
    app.before_request(_choose_language)
    app.after_request(_secure)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(Exception, _explain)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        lambda message: translations(g.language).gettext(message),
        lambda one, many, number: translations(g.language).ngettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.filters |= {"kilobytes": _kilobytes, "period": _period, "cut": _cut, "gathered": _gathered}
    return app


def _choose_language() -> None:
    """Take the language that the address names, else the browser's, else the workspace's."""
    asked = request.args.get("lang")
    usual = _settings().language
    g.language = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, usual)


def _secure(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _plain(error: HTTPException) -> Response:
    """Say in a line what was wrong with a request."""
    return Response(f"{error.code} {error.name}\n", error.code, mimetype="text/plain")


def _explain(error: Exception) -> tuple[str, int]:
    """Show what keeps the issue from being shown, and whatever else went wrong, in the page."""
    if isinstance(error, ConfigError | ContentError):
        return trouble(error.problems), 200
    if isinstance(error, NewsletterError):
        return trouble([Problem(severity=Severity.ERROR, text=error.message, hint=error.hint)]), 200
    if os.environ.get("NEWSLETTER_DEBUG"):
        raise error
    text = f"This should not have happened: {type(error).__name__}: {error}"
    hint = "Please report it with what NEWSLETTER_DEBUG=1 newsletter preview prints."
    return trouble([Problem(severity=Severity.ERROR, text=text, hint=hint)]), 500


def _settings() -> Settings:
    proofs: Proofs = current_app.extensions["proofs"]
    return proofs.context.settings


def _kilobytes(size: int) -> str:
    """Return bytes as a number of kilobytes of 1024, as the reader's language writes it."""
    return format_decimal(max(1, round(size / KILOBYTE)), locale=g.language)


def _period(period: Period) -> str:
    return format_period(period, g.language)


def _cut(text: str, length: int) -> str:
    """Return `text` as an inbox cuts it that has room for `length` characters."""
    return text if len(text) <= length else f"{text[:length].rstrip(' …')}…"


def _gathered(problems: Iterable[Problem]) -> Sequence[tuple[Problem, Sequence[Place]]]:
    """Return each thing that is wrong once, with every place where it is; errors first."""
    places: defaultdict[Problem, list[Place]] = defaultdict(list)
    for problem in problems:
        places[replace(problem, at=None)] += [problem.at] if problem.at else []
    return sorted(places.items(), key=lambda found: found[0].severity)
