"""The Flask application of the API: its routes, and what all of its answers share."""

from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from newsletter.services import Workspace, theme_folders
from newsletter.services.live import LiveWorkspace
from newsletter.web.api import (
    archive,
    deliveries,
    issues,
    items,
    readers,
    reference,
    register,
    sections,
    segments,
)
from newsletter.web.api.access import admit
from newsletter.web.api.problems import Refused, refuse_with_problems
from newsletter.web.api.versions import FIRST, PREFIX, Dates, announce
from newsletter.web.app import insist_on_https, make_app
from newsletter.web.brand import show_brand
from newsletter.web.static import version_static

_BLUEPRINTS = (
    issues.pages,
    items.pages,
    readers.pages,
    register.pages,
    sections.pages,
    segments.pages,
    deliveries.pages,
    archive.pages,
    reference.pages,
)
"""Their routes are relative to PREFIX, and each was added by `document.route`."""
_LARGEST = 1 << 20  # maximum size of a request body, in bytes
_WITH_BODY = ("POST", "PUT", "PATCH")
_JSON = "application/json"


class _JsonRequest(Request):
    """A request whose JSON may be nested as deeply as it likes: that is an error of who sends it."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Refuse what is not JSON."""
        raise Refused("bad-request", "the body is not JSON") from e


def create_api(workspace: Workspace, dates: Dates = FIRST) -> Flask:
    """Return the application of the API for a workspace, its routes under PREFIX."""
    live = LiveWorkspace(workspace)
    base = urlsplit(workspace.settings.base_url)
    app = make_app(
        theme_folders(workspace.root)[-1] / "web/api",
        lambda: g.workspace.settings.language,
        lambda: g.workspace.settings.languages,
        policy="frame-ancestors 'none'",
        hosts=[base.netloc],
        prefix=PREFIX,
    )
    app.request_class = _JsonRequest
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST
    app.url_map.merge_slashes = False
    proxies = workspace.settings.serve.proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]  # as Flask documents it
    app.before_request_funcs.setdefault(None, []).insert(0, partial(_begin, live))
    refuse_with_problems(app)
    admit(app)
    app.before_request(_read_body)
    app.after_request(_mark)
    app.after_request(lambda response: announce(response, dates))
    if base.scheme == "https":
        app.after_request(insist_on_https)
    show_brand(app, lambda: g.workspace, PREFIX)
    version_static(app)
    app.context_processor(lambda: {"language": g.language})
    for pages in _BLUEPRINTS:
        app.register_blueprint(pages, url_prefix=PREFIX + (pages.url_prefix or ""))
    return app


def _begin(live: LiveWorkspace) -> None:
    """Look at the workspace once for this request."""
    g.workspace = live.current()


def _read_body() -> None:
    """Read the body as a JSON object, before anything looks at it."""
    if request.method not in _WITH_BODY or request.endpoint is None:
        return
    if request.mimetype != _JSON:
        raise Refused("media-type")
    try:
        found = request.get_json()
    except RecursionError:
        raise Refused("bad-request", "the body is nested too deeply") from None
    if not isinstance(found, dict):
        raise Refused("invalid", "the body is not a JSON object")


def _mark(response: Response) -> Response:
    """Give what can be read an ETag, and say that it has not changed to who has it."""
    if request.method in ("GET", "HEAD") and response.status_code == HTTPStatus.OK:
        if not response.direct_passthrough and "ETag" not in response.headers:
            response.add_etag()
        etag, _ = response.get_etag()
        if etag and request.if_none_match.contains_weak(etag):
            response.status_code = HTTPStatus.NOT_MODIFIED
            response.set_data(b"")
    return response
