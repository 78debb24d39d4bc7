"""Idempotency-Key: a request that is sent twice is done once, and answered twice alike, for a day."""

import re
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Response, request
from pydantic import BaseModel

from newsletter.services import once
from newsletter.web.api.access import token, workspace
from newsletter.web.api.problems import Refused, invalid

HEADER = "Idempotency-Key"
PATTERN = "^[!-~]{1,100}$"
_REPLAYED = "Idempotency-Replayed"
_KEPT = ("ETag", "Location")


def idempotent(view: Callable[..., Any], *, personal: bool) -> Callable[..., Any]:
    """Return a view that does a request with a key once; `personal` answers go when somebody is erased."""

    @wraps(view)
    def answer(*arguments: Any, **values: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return view(*arguments, **values)
        if not re.fullmatch(PATTERN, key):
            raise invalid(HEADER, "a key has 1 to 100 ASCII letters, digits and signs", "Use a UUID.")
        said = f"{request.path} {sha256(request.get_data()).hexdigest()}"
        before = once.begin(workspace(), token().id, key, said, personal=personal)
        if before is once.Fresh.OTHER:
            raise invalid(HEADER, "this key was used for another request", "Use a new key for each request.")
        if before is once.Fresh.BUSY:
            raise Refused("conflict", "this request is still being answered", hint="Try again in a moment.")
        if not isinstance(before, once.Fresh):
            headers = {**before.headers, _REPLAYED: "true"}
            return Response(before.body, before.status, headers, content_type="application/json")
        return _first(key, view, *arguments, **values)

    return answer


def _first(key: str, view: Callable[..., Any], *arguments: Any, **values: Any) -> Response:
    """Answer for the first time, and keep the answer; nothing is kept of a request that fails."""
    try:
        given, status, headers = view(*arguments, **values)
    except BaseException:
        once.release(workspace(), token().id, key)
        raise
    body = given.model_dump_json() if isinstance(given, BaseModel) else ""
    kept = {name: value for name, value in headers.items() if name in _KEPT}
    once.finish(workspace(), token().id, key, status=status, headers=kept, body=body)
    return Response(body, status, headers, content_type="application/json")
