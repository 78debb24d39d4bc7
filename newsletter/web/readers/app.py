"""The Flask application of the public site: its blueprints, and what all pages share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from newsletter.render.values import Function
from newsletter.services import Workspace, theme_folders
from newsletter.services.live import LiveWorkspace, settings_and_logo
from newsletter.web.app import in_language, insist_on_https, make_app
from newsletter.web.brand import show_brand
from newsletter.web.readers import home, pictures, status
from newsletter.web.readers.access_log import Meters, watch
from newsletter.web.readers.archive import cards, feeds
from newsletter.web.readers.archive import pages as archive
from newsletter.web.readers.archive.page_cache import keep_copies
from newsletter.web.readers.error_pages import explain_errors
from newsletter.web.readers.hooks import hooks
from newsletter.web.readers.joining import confirm, signup
from newsletter.web.readers.limits import limit
from newsletter.web.readers.reader import leaving, mailing, preferences
from newsletter.web.readers.site import settings
from newsletter.web.readers.site import workspace as current
from newsletter.web.static import version_static
from newsletter.web.templates import shown_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_BLUEPRINTS = (
    archive.pages,
    cards.pages,
    confirm.pages,
    feeds.pages,
    home.pages,
    leaving.pages,
    mailing.pages,
    pictures.pages,
    preferences.pages,
    signup.pages,
    signup.embedded,
    status.pages,
)
_FORM, _REPORT = 64 << 10, 1 << 20  # maximum size of a request body, in bytes


def create_site(workspace: Workspace) -> Flask:
    """Return the application for a workspace: public pages and provider webhooks.

    Raises ConfigError when the brand's logo cannot be shown.
    """
    workspace.logo  # noqa: B018  before the first visitor
    base = urlsplit(workspace.settings.base_url)
    app = make_app(
        theme_folders(workspace.root)[-1] / "web/readers",
        lambda: settings().language,
        lambda: settings().languages,
        policy="frame-ancestors 'none'",
        hosts=[base.netloc],
    )
    app.config["MAX_CONTENT_LENGTH"] = _FORM
    proxies = workspace.settings.serve.proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]  # as Flask documents it
    app.extensions["live"] = LiveWorkspace(workspace, settings_and_logo)
    app.extensions["metrics"] = status.registry(lambda: workspace.database, workspace.now)
    show_brand(app, current)
    app.extensions["meters"] = Meters(app.extensions["metrics"])
    watch(app, app.extensions["meters"])
    app.before_request(_let_reports_be_larger)
    limit(app)
    keep_copies(app)
    explain_errors(app)
    for pages in _BLUEPRINTS:
        app.register_blueprint(pages)
    app.register_blueprint(hooks())
    app.context_processor(_shared)
    version_static(app)
    if base.scheme == "https":
        app.after_request(insist_on_https)
    return app


def beside(site: Flask, other: Flask, prefix: str) -> None:
    """Serve another application under `prefix` beside the site, in the same server and with the same log."""
    watch(other, site.extensions["meters"])
    public = site.wsgi_app

    def choose(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        path = environ.get("PATH_INFO", "")
        app = other.wsgi_app if path == prefix or path.startswith(f"{prefix}/") else public
        return app(environ, start_response)

    site.wsgi_app = choose  # type: ignore[method-assign]  # as Flask documents it


def _shared() -> dict[str, Any]:
    """Return the template variables that the layout of every page needs."""
    return {"settings": shown_settings(settings()), "language": g.language, "here": Function(in_language)}


def _let_reports_be_larger() -> None:
    if request.path.startswith("/hooks/"):
        request.max_content_length = _REPORT
