"""The brand on pages: its colours as a style sheet, and an icon in them."""

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request

from newsletter.brand import Colours, Palette
from newsletter.config import Settings

ENDPOINTS = frozenset({"brand.colours", "brand.icon"})
"""Addresses that hold the brand; each is given a version, so that browsers keep it for ever."""

_YEAR = 31_536_000  # seconds

pages = Blueprint("brand", __name__)


def show_brand(app: Flask, settings: Callable[[], Settings]) -> None:
    """Serve the brand of `settings` with `app`."""
    app.extensions["brand"] = settings
    app.register_blueprint(pages)
    app.url_defaults(_name_version)
    app.after_request(_keep_version)


@pages.get("/brand.css")
def colours() -> Response:
    """Return the colours of both schemes as custom properties."""
    return Response(style(_settings().brand.palette), mimetype="text/css")


@pages.get("/icon.svg")
def icon() -> Response:
    """Return the icon of the site: lines of text on the brand's colour."""
    return Response(drawing(_settings().brand.palette), mimetype="image/svg+xml")


def drawing(palette: Palette) -> str:
    """Return the icon as SVG."""
    light = palette.light
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="6" fill="{light.band}"/>'
        f'<path d="M7 9h18" stroke="{light.second}" stroke-width="4"/>'
        f'<path d="M7 16.5h18M7 22.5h11" stroke="{light.on_band}" stroke-width="2.5"/></svg>\n'
    )


@lru_cache(maxsize=8)
def style(palette: Palette) -> str:
    """Return the palette as CSS custom properties."""
    light, dark = _properties(palette.light), _properties(palette.dark)
    return f":root {{\n{light}}}\n\n@media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n"


def _properties(scheme: Colours) -> str:
    return "".join(f"  --{name.replace('_', '-')}: {colour};\n" for name, colour in asdict(scheme).items())


def _settings() -> Settings:
    found: Settings = current_app.extensions["brand"]()
    return found


def _version() -> str:
    return sha256(style(_settings().brand.palette).encode()).hexdigest()[:12]


def _name_version(endpoint: str, values: dict[str, Any]) -> None:
    """Add a content hash to an address of the brand."""
    if endpoint in ENDPOINTS:
        values["v"] = _version()


def _keep_version(response: Response) -> Response:
    """Allow a browser to keep what it asked for by its current version."""
    found = request.endpoint in ENDPOINTS and response.status_code < HTTPStatus.BAD_REQUEST
    if found and request.args.get("v") == _version():
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    return response
