"""Error pages: visitors see a plain explanation; the details go to the log only."""

import logging

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.http import HTTP_STATUS_CODES

from newsletter.errors import LinkInvalid, RenderError, StoreError, log_text
from newsletter.web.readers.access_log import METHOD, shown

_log = logging.getLogger(__name__)
_SOON = "30"  # Retry-After in seconds while the database does not answer
_KEPT = ("Allow", "Retry-After")

FAULTS = "newsletter.faults"
"""WSGI environ key of a list that collects template errors, for callers in this process."""


def explain_errors(app: Flask) -> None:
    """Register the error handlers of `app`."""
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(LinkInvalid, lambda _error: _page(404))
    app.register_error_handler(StoreError, _closed)
    app.register_error_handler(Exception, _failed)


def _page(code: int, **headers: str) -> Response:
    try:
        return make_response(render_template("trouble.html", code=code), code, headers)
    except RenderError as error:  # the layout is broken, and this page uses it too
        _note(error)
        return Response(f"{code} {HTTP_STATUS_CODES.get(code, '')}\n", code, headers, mimetype="text/plain")


def _refused(error: HTTPException) -> Response:
    if isinstance(error, SecurityError):  # a foreign host name: give no details
        return Response("400 Bad Request\n", 400, mimetype="text/plain")
    code = error.code or 500
    return _page(code, **{name: value for name, value in error.get_headers() if name in _KEPT})


def _closed(error: StoreError) -> Response:
    _note(error)
    return _page(503, **{"Retry-After": _SOON})


def _failed(error: Exception) -> Response:
    if isinstance(error, RenderError) and FAULTS in request.environ:
        request.environ[FAULTS].append(error)
    _note(error)
    return _page(500)


def _note(error: Exception) -> None:
    _log.error("%s %s: %s", request.method[:METHOD], shown(request.path), log_text(error))
