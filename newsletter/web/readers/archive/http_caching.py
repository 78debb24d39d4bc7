"""What all published pages share: addresses in full, pages of long lists, and how long a copy is good."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from flask import Response, abort, request, url_for

from newsletter.web.readers.site import settings

_FRESH = 300  # seconds for which a copy need not be asked about again
_HTML = "text/html"


def absolute(endpoint: str, **values: Any) -> str:
    """Return the address of a page as the world sees it: below base_url."""
    return settings().base_url + url_for(endpoint, **values).removeprefix(request.script_root)


@dataclass(frozen=True, slots=True)
class Publication:
    """What is the same for everybody; `changed` is UTC, ISO 8601, and `mark` another for other content."""

    content: bytes
    mimetype: str
    changed: str
    mark: str


def publication(content: str, mimetype: str = _HTML, changed: str = "") -> Publication:
    """Return what is to be published."""
    data = content.encode()
    return Publication(data, mimetype, changed, sha256(data).hexdigest()[:32])


def published(what: Publication) -> Response:
    """Answer with it. A copy can be kept, and whoever has it still is told so (RFC 9110 §13).

    Pages, unlike what programs read, are in the visitor's language.
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
    """Which part of a long list is shown, from 1."""

    number: int
    size: int
    total: int

    @property
    def offset(self) -> int:
        """How many entries come before."""
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        """The number of the last page; an empty list has one page."""
        return max(1, -(-self.total // self.size))


def part(number: int, size: int, total: int) -> Page:
    """Return page `number` of a list of `total` entries; beyond its end nothing is found (404)."""
    page = Page(number, size, total)
    if not 1 <= number <= page.last:
        abort(404)
    return page
