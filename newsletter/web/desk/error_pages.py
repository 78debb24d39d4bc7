"""Error pages of the desk: what is wrong and what to do; editors see the problems of their files."""

import logging
from collections.abc import Mapping, Sequence

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.http import HTTP_STATUS_CODES

from newsletter.errors import (
    ConfigError,
    ContentError,
    NewsletterError,
    Problem,
    RenderError,
    StoreError,
    log_text,
)
from newsletter.web.preview.shown import shown_problem
from newsletter.web.readers.access_log import METHOD, shown

_log = logging.getLogger(__name__)
_KEPT = ("Allow", "Retry-After")
_SOON = "30"  # Retry-After in seconds while the database does not answer
_UNUSABLE = 422


def explain_errors(app: Flask) -> None:
    """Register the error handlers of `app`."""
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(NewsletterError, _problem)
    app.register_error_handler(StoreError, _closed)
    app.register_error_handler(Exception, _failed)


def _page(
    code: int,
    headers: Mapping[str, str] | None = None,
    *,
    key: str = "",
    problems: Sequence[Problem] = (),
) -> Response:
    try:
        words = [shown_problem(one, [one.at] if one.at else []) for one in problems]
        return make_response(
            render_template("trouble.html", key=key or str(code), problems=words), code, headers or {}
        )
    except RenderError as error:  # the layout is broken, and this page uses it too
        _note(error)
        return Response(f"{code} {HTTP_STATUS_CODES.get(code, '')}\n", code, headers, mimetype="text/plain")


def _refused(error: HTTPException) -> Response:
    if isinstance(error, SecurityError):  # a foreign host name: give no details
        return Response("400 Bad Request\n", 400, mimetype="text/plain")
    code = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in _KEPT}
    return _page(code, kept, key="csrf" if isinstance(error, CSRFError) else "")


def _problem(error: NewsletterError) -> Response:
    """Show an editor what is wrong with the workspace's files, or why this cannot be done now."""
    if g.get("editor") is None:
        return _failed(error)
    if isinstance(error, ConfigError | ContentError):
        return _page(_UNUSABLE, problems=error.problems)
    return _page(_UNUSABLE, problems=[Problem.error(error.message, hint=error.hint)])


def _closed(error: StoreError) -> Response:
    _note(error)
    return _page(503, {"Retry-After": _SOON})


def _failed(error: Exception) -> Response:
    _note(error)
    return _page(500)


def _note(error: Exception) -> None:
    _log.error("%s %s: %s", request.method[:METHOD], shown(request.path), log_text(error))
