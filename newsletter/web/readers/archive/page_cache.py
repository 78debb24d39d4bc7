"""In-memory cache of public pages: rendered once for all visitors, again when the archive changes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import Concatenate, ParamSpec

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Connection

from newsletter.locales import CATALOGS
from newsletter.store import archive
from newsletter.store.db import reading
from newsletter.web.readers.archive.http_caching import Publication, published
from newsletter.web.readers.site import database, workspace

_P = ParamSpec("_P")

_MOST = 400  # entries, of some 20 kB each
_PLAIN = {
    b"",
    *(f"lang={language}".encode() for language in CATALOGS),
}  # any other query is not cached: visitors can make up as many as they like


class Copies:
    """A thread-safe LRU cache of publications."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Publication] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Publication]) -> Publication:
        """Return the publication for `key`, made by `make` on a miss."""
        with self._lock:
            found = self._kept.get(key)
            if found:
                self._kept.move_to_end(key)
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return made


def keep_copies(app: Flask) -> None:
    """Give `app` an empty page cache."""
    app.extensions["copies"] = Copies()


def kept(view: Callable[Concatenate[Connection, _P], Publication]) -> Callable[_P, Response]:
    """Answer with what `view` publishes, cached as by `stored` (decorator)."""
    made = stored(view)

    @wraps(view)
    def answer(*args: _P.args, **values: _P.kwargs) -> Response:
        return published(made(*args, **values))

    return answer


def stored(view: Callable[Concatenate[Connection, _P], Publication]) -> Callable[_P, Publication]:
    """Cache what `view` publishes (decorator), by archive version, settings, URL and the visitor's language.

    The version and the content are read in one transaction, so they always match.
    """

    @wraps(view)
    def found(*args: _P.args, **values: _P.kwargs) -> Publication:
        def make() -> Publication:
            return view(connection, *args, **values)

        asked = request.query_string
        with reading(database()) as connection:
            if asked not in _PLAIN:
                return make()
            address = request.script_root, request.endpoint, *values.items(), asked, g.language
            copies: Copies = current_app.extensions["copies"]
            return copies.get((archive.version(connection), workspace(), address), make)

    return found
