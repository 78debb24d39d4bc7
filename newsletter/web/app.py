"""The Flask base of both web applications: templates, choice of language, filters and security headers."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

from babel.numbers import format_decimal
from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import BaseConverter, ValidationError

from newsletter.i18n import format_period
from newsletter.locales import direction, language_name, locale, with_territory
from newsletter.model import Period
from newsletter.render.values import Function
from newsletter.store.locking import retry_conflicts
from newsletter.web.templates import TemplatedFlask

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_OWN = "script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"


class Pages(TemplatedFlask):
    """An application that retries a request after a database deadlock, which rolled everything back."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Handle the current request."""
        return retry_conflicts(super().dispatch_request)


class ClosingDate(BaseConverter):
    """URL converter for an issue's closing date: 2025-02-14."""

    regex = r"\d{4}-\d\d-\d\d"

    def to_python(self, value: str) -> date:
        """Parse the date; one that does not exist (2025-02-30) does not match, so the answer is 404."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None


def make_app(  # noqa: PLR0913  what applications differ in
    pages: Path,
    language: Callable[[], str],
    languages: Callable[[], Sequence[str]],
    *,
    policy: str,
    hosts: Collection[str] = (),
    prefix: str = "",
) -> Flask:
    """Return an application whose templates are in `pages`, with `static` beside it.

    `language` returns the fallback when the browser asks for none of `languages`; `policy` is added to the
    Content-Security-Policy that all pages share. A view may override any header.
    Requests are accepted for the loopback names and `hosts` (as written in URLs) only. `prefix` is the path
    under which the static files are.
    """
    app = Pages(
        "newsletter.web",
        template_folder=pages,
        static_folder=pages.parent / "static",
        static_url_path=f"{prefix}/static",
    )
    headers = {"Content-Security-Policy": f"default-src 'none'; {_OWN}; {policy}", **_HEADERS}
    app.url_map.converters["closing"] = ClosingDate
    names = _LOOPBACK.union(_name(host).encode("idna").decode() for host in hosts)
    app.before_request(lambda: _choose_language(language(), languages()))
    app.before_request(lambda: _refuse_others(names))
    app.after_request(lambda response: _secure(response, headers))
    app.register_error_handler(HTTPException, _plain)
    app.jinja_env.globals |= {
        "language_name": Function(language_name),
        "direction_of": Function(direction),
        "og_locale": Function(with_territory),
    }
    app.jinja_env.filters |= {"period": _period, "number": _number}
    return app


def in_language(language: str) -> str:
    """Return the URL query for the current page in another language."""
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"?{urlencode([*asked, ('lang', language)])}"


def insist_on_https(response: Response) -> Response:
    """Let a browser that came by https come by nothing else for a year (RFC 6797)."""
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _choose_language(usual: str, offered: Sequence[str]) -> None:
    """Set the page's language: the `lang` parameter, else the browser's preference, else the workspace's."""
    asked = request.args.get("lang")
    g.language = asked if asked in offered else request.accept_languages.best_match(offered, usual)


def _refuse_others(names: Collection[str]) -> None:
    """Reject a request for any other host name, against DNS rebinding.

    Flask's TRUSTED_HOSTS cannot hold an IPv6 address: Werkzeug cuts a name at its first colon.
    """
    if _name(request.host) not in names:
        raise SecurityError


def _name(host: str) -> str:
    """Return a host without its port; an IPv6 address keeps its brackets."""
    return re.sub(r":\d*$", "", host.lower())


def _secure(response: Response, headers: Mapping[str, str]) -> Response:
    there = {name.lower() for name, _ in response.headers}
    response.headers.extend((name, value) for name, value in headers.items() if name.lower() not in there)
    return response


def _plain(error: HTTPException) -> Response:
    """Answer an HTTP error with one line of plain text."""
    return Response(f"{error.code} {error.name}\n", error.code, mimetype="text/plain")


def download(content: bytes | str | Iterable[str], media_type: str, name: str) -> Response:
    """Answer with a file that the browser saves under `name`, which holds no quotes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=media_type, headers=headers)


def _period(period: Period) -> str:
    return format_period(period, g.language)


def _number(value: float) -> str:
    """Format a number for the page's language."""
    return format_decimal(value, locale=locale(g.language))
