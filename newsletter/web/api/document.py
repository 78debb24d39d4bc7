"""Routes of the API and the OpenAPI document that is made of them and of the models they name.

`route` is the only way to add one, so that none is without scope, models and answers in the document.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from http import HTTPStatus
from inspect import get_annotations
from typing import Any, TypeVar

from flask import Blueprint
from pydantic import BaseModel, ValidationError
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData

from newsletter.scopes import PERSONAL, Scope
from newsletter.web.api.access import requires
from newsletter.web.api.idempotency import HEADER, PATTERN, idempotent
from newsletter.web.api.problems import KINDS, TYPE, of_validation
from newsletter.web.api.values import ProblemDetails
from newsletter.web.api.versions import POLICY, RELEASE

_View = TypeVar("_View", bound=Callable[..., Any])

_ALWAYS = ("bad-request", "no-token", "scope", "method", "too-many", "failed", "unavailable")
_OF_BODY = ("too-large", "media-type", "invalid")
_NO_CONTENT = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_ETAG = {
    "ETag": {"description": "Of this version, for If-Match and If-None-Match", "schema": {"type": "string"}}
}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}}},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": {"required": True, "schema": {"type": "string"}}},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": {"required": True, "schema": {"type": "string"}}},
}
"""Headers of answers; of those with a body from GET there is also the ETag."""

_OWN_HEADERS: dict[str, dict[str, Any]] = {
    "get": {
        "name": "If-None-Match",
        "schema": {"type": "string"},
        "description": "ETags of versions that the program has: 304 if one is current",
    },
    "post": {
        "name": HEADER,
        "schema": {"type": "string", "pattern": PATTERN},
        "description": "Of your choice: within a day, a request that is sent again is not done again",
    },
}
"""The header that every operation of a method knows."""


def _before(_request: Any, _answer: Any, error: Exception | None, _instance: Any, _adapter: Any) -> None:
    """Refuse a request whose values are not as the document says."""
    if isinstance(error, ValidationError):
        raise of_validation(error) from None


document = SpecTree(
    "flask",
    mode="strict",
    title="Digest press",
    version=RELEASE,
    description=POLICY,
    before=_before,
    validation_error_model=ProblemDetails,
    naming_strategy=lambda model: str(model.__name__),
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=[
        SecurityScheme(
            name="token",
            data=SecuritySchemeData(
                type=SecureType.HTTP,
                scheme="bearer",
                description="`newsletter token create`; each operation names the scope that it needs.",
            ),
        )
    ],
)


def route(  # noqa: PLR0913  what the document says of a route
    pages: Blueprint,
    method: str,
    path: str,
    scope: Scope,
    *,
    gives: type[BaseModel] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    refuses: Sequence[str] = (),
    arguments: Mapping[str, str] | None = None,
) -> Callable[[_View], _View]:
    """Add a view as a route: its docstring, arguments and answers make its part of the document.

    Parameters named `query`, `json` and `headers` are read by their models. `refuses` are kinds of problems
    beside the usual ones; `arguments` describe those of the path.
    """

    def add(view: _View) -> _View:
        taken = get_annotations(view).keys() & {"query", "json", "headers"}
        kinds = [*_ALWAYS, *refuses]
        kinds += _OF_BODY if "json" in taken else ["invalid"] if taken else []
        kinds += ["not-found"] if "<" in path else []
        kinds += ["conflict"] if method == "POST" else []
        kinds += ["changed", "no-precondition"] if "headers" in taken else []
        answers = Answers(**{f"HTTP_{KINDS[kind].status.value}": ProblemDetails for kind in kinds})
        answers.add_model(status, gives) if gives else answers.codes.append(f"HTTP_{status.value}")
        if method == "GET":
            answers.codes.append(f"HTTP_{HTTPStatus.NOT_MODIFIED.value}")
        done = idempotent(view, personal=scope in PERSONAL) if method == "POST" else view
        described = document.validate(
            resp=answers,
            tags=[pages.name],
            security={"token": [scope.value]},
            operation_id=f"{pages.name}_{view.__name__.strip('_')}",
            path_parameter_descriptions=arguments,
            validation_error_status=HTTPStatus.UNPROCESSABLE_ENTITY.value,
        )(done)
        pages.add_url_rule(path, view.__name__, requires(scope)(described), methods=[method])
        return view

    return add


@cache
def whole(base_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of the application that is in use, below `base_url`."""
    made: dict[str, Any] = deepcopy(document.spec)
    for path in made["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    return {**made, "servers": [{"url": base_url}]}


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Say what spectree does not: the media type of problems, and headers of answers."""
    for code, answer in operation["responses"].items():
        status = HTTPStatus(int(code))
        if status >= HTTPStatus.BAD_REQUEST and "application/json" in answer.get("content", {}):
            answer["content"] = {TYPE: answer["content"]["application/json"]}
        headers: dict[str, Any] = dict(_HEADERS.get(status, {}))
        if status < HTTPStatus.BAD_REQUEST and method in ("get", "patch"):
            headers |= _ETAG
        if headers:
            answer["headers"] = headers
    if method in _OWN_HEADERS:
        operation["parameters"].append({"in": "header", "required": False, **_OWN_HEADERS[method]})
