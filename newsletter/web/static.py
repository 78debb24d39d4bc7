"""Static files under addresses with a hash of their content, which browsers keep for ever."""

from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

_YEAR = 31_536_000  # seconds


def version_static(app: Flask) -> None:
    """Add the hash of each static file to its address, and let browsers keep what is asked for by it."""
    app.url_defaults(_name_version)
    app.after_request(_keep_version)


@lru_cache(maxsize=256)  # bounded: visitors can spell one file name in many ways
def _version(folder: str, name: str) -> str | None:
    file = safe_join(folder, name)  # never hash a file outside the folder
    return sha256(Path(file).read_bytes()).hexdigest()[:12] if file and Path(file).is_file() else None


def _static(name: str) -> str | None:
    return _version(current_app.static_folder or "", name)


def _name_version(endpoint: str, values: dict[str, Any]) -> None:
    """Add a content hash to the URL of a static file, so that it can be cached for ever."""
    if endpoint == "static":
        values["v"] = _static(values["filename"])


def _keep_version(response: Response) -> Response:
    """Allow caching of a static file requested by its current version; never of a 404."""
    names = request.view_args or {}
    found = request.endpoint == "static" and response.status_code < HTTPStatus.BAD_REQUEST
    if found and request.args.get("v") == _static(names["filename"]):
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    return response
