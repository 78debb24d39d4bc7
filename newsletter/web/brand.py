"""The brand on pages: its colours as a style sheet, its logo, and the site's icon."""

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, request

from newsletter.brand import Colours, Palette
from newsletter.errors import ConfigError
from newsletter.model import Image
from newsletter.pictures.draw import icon as draw_icon
from newsletter.render.values import Data
from newsletter.services import Workspace

VERSIONED = frozenset({"brand.colours", "brand.icon"})
"""Endpoints whose address has the version of their content, so that browsers keep it for ever."""
ENDPOINTS = VERSIONED | {"brand.logo"}

_YEAR = 31_536_000  # seconds
_FOR_EVER = f"public, max-age={_YEAR}, immutable"
_ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""Feed readers and other sites may show what stands for the digest there."""

pages = Blueprint("brand", __name__)


def show_brand(app: Flask, workspace: Callable[[], Workspace], prefix: str = "") -> None:
    """Serve the brand of the workspace under the path `prefix`, and give it to every template."""
    app.extensions["brand"] = workspace
    app.register_blueprint(pages, url_prefix=prefix or None)
    app.url_defaults(_name_version)
    app.after_request(_keep_version)
    app.context_processor(lambda: {"brand": _shown()})


@pages.get("/brand.css")
def colours() -> Response:
    """Return the colours of both schemes as custom properties."""
    return Response(style(_palette()), mimetype="text/css")


@pages.get("/icon.png")
def icon() -> Response:
    """Return the site's icon: the logo, or a mark in the brand's colours."""
    return Response(_icon(_palette().light, _logo()), mimetype="image/png", headers=_ANYWHERE)


@pages.get("/brand/<name>")
def logo(name: str) -> Response:
    """Return the logo; its name is a hash of its content."""
    found = _logo()
    if found is None or found.name != name:
        abort(404)
    headers = {"Cache-Control": _FOR_EVER, **_ANYWHERE}
    return Response(found.content, mimetype=found.media_type, headers=headers)


@lru_cache(maxsize=8)
def style(palette: Palette) -> str:
    """Return the palette as CSS custom properties."""
    light, dark = _properties(palette.light), _properties(palette.dark)
    return f":root {{\n{light}}}\n\n@media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n"


def _properties(scheme: Colours) -> str:
    return "".join(f"  --{name.replace('_', '-')}: {colour};\n" for name, colour in asdict(scheme).items())


@lru_cache(maxsize=8)
def _icon(light: Colours, logo: Image | None) -> bytes:
    return draw_icon(light, logo)


def _shown() -> Data:
    """Return what templates know of the brand beside its colours."""
    found = _logo()
    logo = Data(name=found.name, width=found.width, height=found.height) if found else None
    return Data(logo=logo)


def _workspace() -> Workspace:
    found: Workspace = current_app.extensions["brand"]()
    return found


def _palette() -> Palette:
    return _workspace().settings.brand.palette


def _logo() -> Image | None:
    """Return the logo, or None when its file is unusable: who renders an issue is told, and pages go on."""
    try:
        return _workspace().logo
    except ConfigError:
        return None


def _version() -> str:
    found = _logo()
    return sha256(f"{style(_palette())}{found.sha256 if found else ''}".encode()).hexdigest()[:12]


def _name_version(endpoint: str, values: dict[str, Any]) -> None:
    """Add a content hash to an address of the brand."""
    if endpoint in VERSIONED:
        values["v"] = _version()


def _keep_version(response: Response) -> Response:
    """Allow a browser to keep what it asked for by its current version."""
    found = request.endpoint in VERSIONED and response.status_code < HTTPStatus.BAD_REQUEST
    if found and request.args.get("v") == _version():
        response.headers["Cache-Control"] = _FOR_EVER
    return response
