"""Every refusal as `application/problem+json` (RFC 9457): what is wrong, and our errors' hints."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request, url_for
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, SecurityError

from newsletter.errors import (
    ConfigError,
    ContentError,
    NewsletterError,
    Problem,
    RenderError,
    StateError,
    StoreError,
    TransportUnavailable,
    as_data,
    log_text,
    visible,
)
from newsletter.web.readers.access_log import METHOD, shown

TYPE = "application/problem+json"
_SOON = "30"  # Retry-After in seconds while the database does not answer
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate")
_LONGEST = 200
_MOST = 20  # faults of one request that are named
_WORDS = {
    "string_pattern_mismatch": "this holds characters that it may not hold",
    "extra_forbidden": "there is no such name here",
}
"""What is said in place of pydantic's own words, by its type of an error."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of refusal: its status, its title, and what a program does about it."""

    status: HTTPStatus
    title: str
    cure: str


KINDS = {
    "bad-request": Kind(HTTPStatus.BAD_REQUEST, "The request cannot be read", "Send JSON in UTF-8."),
    "no-token": Kind(
        HTTPStatus.UNAUTHORIZED,
        "There is no valid token",
        "Send `Authorization: Bearer` with a token that has not ended: newsletter token list",
    ),
    "scope": Kind(
        HTTPStatus.FORBIDDEN,
        "The token has not this scope",
        "Make a token with it: newsletter token create NAME --scope SCOPE",
    ),
    "not-found": Kind(HTTPStatus.NOT_FOUND, "There is no such thing", "It may be gone: list what there is."),
    "method": Kind(HTTPStatus.METHOD_NOT_ALLOWED, "The address has not this method", "See the header Allow."),
    "conflict": Kind(
        HTTPStatus.CONFLICT, "It cannot be done as things are", "Read it again, and look at its state."
    ),
    "changed": Kind(
        HTTPStatus.PRECONDITION_FAILED,
        "It was changed meanwhile",
        "Read it again, and send what you want with its new ETag.",
    ),
    "too-large": Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large", "Send less at once."),
    "media-type": Kind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not JSON", "Send `Content-Type: application/json`."
    ),
    "invalid": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "Something in it is wrong", "See `problems`."),
    "no-precondition": Kind(
        HTTPStatus.PRECONDITION_REQUIRED,
        "It must be said which version is changed",
        "Read it, and send its ETag as If-Match.",
    ),
    "too-many": Kind(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", "Wait as long as Retry-After says."),
    "failed": Kind(
        HTTPStatus.INTERNAL_SERVER_ERROR, "This should not have happened", "See the log of the server."
    ),
    "unavailable": Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "It cannot be done now", "Try again after Retry-After seconds."
    ),
}
"""The kinds of refusals by the last part of their `type`."""
_BY_STATUS = {kind.status: name for name, kind in KINDS.items()}


class Refused(Exception):  # noqa: N818  what happened, not a fault of ours
    """A request is refused with a problem of a kind, and with what is wrong in it."""

    def __init__(
        self,
        kind: str,
        detail: str = "",
        *,
        hint: str = "",
        problems: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.kind, self.detail, self.hint, self.problems = kind, detail, hint, problems
        self.headers = headers or {}
        super().__init__(kind)


def missing(detail: str, hint: str = "") -> Refused:
    """Return the refusal of what is not there."""
    return Refused("not-found", detail, hint=hint)


def invalid(field: str, text: str, hint: str = "") -> Refused:
    """Return the refusal of one value; `field` is its name, with dots between those of its parents."""
    return Refused("invalid", text, problems=[_fault(field, text, hint)])


def refuse_with_problems(app: Flask) -> None:
    """Register the error handlers of `app`."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(NewsletterError, _ours)
    app.register_error_handler(StoreError, _closed)
    app.register_error_handler(TransportUnavailable, _closed)
    app.register_error_handler(RenderError, _failed)
    app.register_error_handler(Exception, _failed)


def of_validation(error: ValidationError) -> Refused:
    """Return the refusal of values that are not as the document says; no value is repeated."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(one["loc"] == ("If-Match",) and one["type"] == "missing" for one in found):
        return Refused("no-precondition")
    faults = [
        _fault(".".join(map(str, one["loc"])), _WORDS.get(one["type"], one["msg"])) for one in found[:_MOST]
    ]
    return Refused("invalid", problems=faults)


def answer(
    kind: str,
    detail: str = "",
    *,
    hint: str = "",
    problems: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as the answer."""
    about = KINDS[kind]
    words = {
        "type": url_for("reference.show", _anchor=kind, _external=False),
        "title": about.title,
        "status": about.status.value,
        "detail": visible(detail or next((str(one["text"]) for one in problems), about.title)),
        "hint": visible(hint or next((str(one["hint"]) for one in problems if one["hint"]), about.cure)),
        "problems": list(problems),
    }
    return Response(json.dumps(words, ensure_ascii=False), about.status, headers or {}, content_type=TYPE)


def _fault(field: str, text: str, hint: str = "") -> dict[str, Any]:
    plain = visible(field)[:_LONGEST]
    return {"field": plain, "severity": "error", "path": None, "line": None, "text": text, "hint": hint}


def _refused(error: Refused) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.kind == "no-token" else error.headers
    return answer(error.kind, error.detail, hint=error.hint, problems=error.problems, headers=headers)


def _http(error: HTTPException) -> Response:
    if isinstance(error, SecurityError):  # a foreign host name: give no details
        return answer("bad-request")
    if error.code is not None and error.code < HTTPStatus.BAD_REQUEST:
        found = error.get_response()
        return Response(status=found.status_code, headers={"Location": found.headers["Location"]})
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    kept = {name: value for name, value in error.get_headers() if name in _KEPT}
    return answer(_BY_STATUS.get(status, "bad-request"), headers=kept)


def _ours(error: NewsletterError) -> Response:
    """Answer with what a service refused."""
    if isinstance(error, ConfigError | ContentError):
        return answer("invalid", problems=_shown(error.problems))
    return answer("conflict" if isinstance(error, StateError) else "invalid", error.message, hint=error.hint)


def _shown(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"field": None, **one} for one in as_data(problems[:_MOST])]


def _closed(error: NewsletterError) -> Response:
    _note(error)
    return answer("unavailable", headers={"Retry-After": _SOON})


def _failed(error: Exception) -> Response:
    _note(error)
    return answer("failed")


def _note(error: Exception) -> None:
    _log.error("%s %s: %s", request.method[:METHOD], shown(request.path), log_text(error))
