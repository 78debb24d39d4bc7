"""The Flask application of the preview: its security policy and error pages."""

import os
from collections.abc import Sequence

from babel.numbers import format_decimal
from flask import Flask, g
from markupsafe import escape

from newsletter.checks.markup import KILOBYTE
from newsletter.errors import ConfigError, ContentError, NewsletterError, Problem, RenderError
from newsletter.locales import locale
from newsletter.services import theme_folders
from newsletter.web.app import make_app
from newsletter.web.brand import show_brand
from newsletter.web.preview.coverage import communities
from newsletter.web.preview.pages import pages, trouble
from newsletter.web.preview.proofs import Proofs
from newsletter.web.preview.reload import Watch


def create_preview(proofs: Proofs, watch: Watch) -> Flask:
    """Return the preview application for the workspace of `proofs`; it accepts loopback host names only."""
    app = make_app(
        theme_folders(proofs.workspace.root)[-1] / "web/preview",
        lambda: proofs.workspace.settings.language,
        lambda: proofs.workspace.settings.languages,
        policy="connect-src 'self'; frame-src 'self'; frame-ancestors 'none'",
    )
    app.extensions |= {"proofs": proofs, "watch": watch}
    show_brand(app, lambda: proofs.workspace)
    app.register_blueprint(pages)
    app.register_blueprint(communities)
    app.register_error_handler(Exception, _explain)
    app.jinja_env.filters |= {"kilobytes": _kilobytes, "cut": _cut}
    return app


def _explain(error: Exception) -> tuple[str, int]:
    """Show an error as a page: problems of files with 200 (the page reloads), anything else with 500."""
    if isinstance(error, ConfigError | ContentError):
        return _shown(error.problems), 200
    if isinstance(error, NewsletterError):
        return _shown([Problem.error(error.message, hint=error.hint)]), 200
    if os.environ.get("NEWSLETTER_DEBUG"):
        raise error
    text = f"This should not have happened: {type(error).__name__}: {error}"
    hint = "Please report it with what NEWSLETTER_DEBUG=1 newsletter preview prints."
    return _shown([Problem.error(text, hint=hint)]), 500


def _shown(problems: Sequence[Problem]) -> str:
    """Return an HTML page that lists `problems`; if its template itself fails, plain text."""
    try:
        return trouble(problems)
    except RenderError as error:
        said = "\n".join(map(str, [*problems, error]))
        return f"<!doctype html><title>{escape(error.at)}</title><pre>{escape(said)}</pre>"


def _kilobytes(size: int) -> str:
    """Format a size in bytes as kilobytes (1024), for the page's language."""
    return format_decimal(max(1, round(size / KILOBYTE)), locale=locale(g.language))


def _cut(text: str, length: int) -> str:
    """Truncate `text` to `length` characters with an ellipsis, as an inbox does."""
    return text if len(text) <= length else f"{text[:length].rstrip(' …')}…"
