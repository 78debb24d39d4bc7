"""Shared by all public pages: absolute URLs, pagination, and HTTP caching headers."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from flask import Response, abort, request, url_for

from newsletter.render.typography import bind_html
from newsletter.web.readers.site import settings

_FRESH = 300  # max-age in seconds
_HTML = "text/html"


def absolute(endpoint: str, **values: Any) -> str:
    """Return the absolute URL of a page, below base_url."""
    return settings().base_url + url_for(endpoint, **values).removeprefix(request.script_root)


@dataclass(frozen=True, slots=True)
class Publication:
    """A cacheable response body; `changed` is UTC in ISO 8601 (or empty), `mark` the ETag."""

    content: bytes
    mimetype: str
    changed: str
    mark: str


def publication(content: str | bytes, mimetype: str = _HTML, changed: str = "") -> Publication:
    """Return `content` as a publication, with a hash as its ETag; the words of HTML are bound by language."""
    if isinstance(content, str) and mimetype == _HTML:
        content = bind_html(content, settings().language)
    data = content.encode() if isinstance(content, str) else content
    return Publication(data, mimetype, changed, sha256(data).hexdigest()[:32])


def published(what: Publication) -> Response:
    """Return the response, cacheable for 5 minutes, or 304 when the client's copy is current (RFC 9110 §13).

    HTML varies by the visitor's language; feeds and the like do not.
    """
    response = Response(what.content, mimetype=what.mimetype)
    response.headers["Cache-Control"] = f"public, max-age={_FRESH}"
    if what.mimetype == _HTML:
        response.headers["Vary"] = "Accept-Language"
    if what.changed:
        response.last_modified = datetime.fromisoformat(what.changed)
    response.set_etag(what.mark)
    response.make_conditional(request)
    return response


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a long list; `number` counts from 1."""

    number: int
    size: int
    total: int

    @property
    def offset(self) -> int:
        """How many entries come before this page."""
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        """The number of the last page; an empty list has one page."""
        return max(1, -(-self.total // self.size))


def part(number: int, size: int, total: int) -> Page:
    """Return page `number` of a list of `total` entries; aborts with 404 beyond its end."""
    page = Page(number, size, total)
    if not 1 <= number <= page.last:
        abort(404)
    return page
