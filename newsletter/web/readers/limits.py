"""How often one network may ask: counted in memory, for this process."""

import time
from collections.abc import Callable, Hashable
from math import ceil
from threading import Lock
from typing import Any, TypeVar

from flask import Flask, current_app, request
from werkzeug.exceptions import TooManyRequests

from newsletter.audience.networks import prefix
from newsletter.web.readers.site import networks

OURS = "newsletter.ours"
"""In the environment of our own requests, where no visitor can put it: they are not counted."""

_View = TypeVar("_View", bound=Callable[..., Any])

_MINUTE = 60.0  # seconds
_VISITS, _FORMS, _SEARCHES = 600, 30, 60  # in a minute: of one page, of all forms, of all that searches

_SHARES = {56: 2, 48: 4}
"""How often as much a wider network may ask: else whoever has a /48 would be 65,536 networks."""

_exempt: set[Callable[..., Any]] = set()
_forms: set[Callable[..., Any]] = set()
_searches: set[Callable[..., Any]] = set()


class Counts:
    """How often each was seen in the minute that began with its first time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._seen: dict[Hashable, tuple[int, float]] = {}
        self._tidy_at = 0.0

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._seen)

    def add(self, one: Hashable) -> tuple[int, float]:
        """Count `one` once more; return how often it was seen, and in how many seconds that is forgotten."""
        now = self._clock()
        with self._lock:
            if now >= self._tidy_at:
                self._seen = {key: (times, end) for key, (times, end) in self._seen.items() if end > now}
                self._tidy_at = now + _MINUTE
            times, end = self._seen.get(one, (0, now + _MINUTE))
            times, end = (times + 1, end) if end > now else (1, now + _MINUTE)
            self._seen[one] = times, end
        return times, end - now


def limit(app: Flask) -> None:
    """Limit how often a network sees each page of `app`; files may be had as often as one likes."""
    app.extensions["counts"] = Counts()
    app.before_request(_count)


def exempt(view: _View) -> _View:
    """Put under the route of what programs of a few networks ask in masses."""
    _exempt.add(view)
    return view


def forms(view: _View) -> _View:
    """Put under the route of a form: all forms together count."""
    _forms.add(view)
    return view


def search(view: _View) -> _View:
    """Put under the route of what makes the database search."""
    _searches.add(view)
    return view


def _count() -> None:
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static" or OURS in request.environ:
        return
    view = current_app.view_functions[endpoint]
    if view in _exempt:
        return
    _add(endpoint, _VISITS)
    if view in _forms and request.method == "POST":
        _add("forms", _FORMS)
    if view in _searches:
        _add("search", _SEARCHES)


def _add(what: str, most: int) -> None:
    """Count for the visitor's network, then the wider ones; what one refuses does not count for the next."""
    counts: Counts = current_app.extensions["counts"]
    for place, network in enumerate(networks()):
        share = _SHARES.get(prefix(network), 0 if place else 1)
        if share:
            times, seconds = counts.add((network, what))
            if times > most * share:
                raise TooManyRequests(retry_after=ceil(seconds))
