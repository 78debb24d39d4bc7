"""Rate limits per network, counted in the memory of this process."""

import time
from collections.abc import Callable, Hashable
from math import ceil
from threading import Lock
from typing import Any, TypeVar

from flask import Flask, current_app, request
from werkzeug.exceptions import TooManyRequests

from newsletter.audience.networks import prefix
from newsletter.web.brand import ENDPOINTS
from newsletter.web.readers.site import networks

OURS = "newsletter.ours"
"""WSGI environ key of our own requests, which are not counted; a visitor cannot set it."""

_View = TypeVar("_View", bound=Callable[..., Any])

_MINUTE = 60.0  # seconds
_VISITS, _FORMS, _SEARCHES = 600, 30, 60  # requests a minute: for each page, for all forms, for all searches

_SHARES = {56: 2, 48: 4}
"""Limit of a wider network, as a multiple, by prefix: a /48 alone holds 65,536 networks of /64."""

_exempt: set[Callable[..., Any]] = set()
_forms: set[Callable[..., Any]] = set()
_searches: set[Callable[..., Any]] = set()


class Counts:
    """Fixed-window counters: hits by key in the minute that starts with the key's first hit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._seen: dict[Hashable, tuple[int, float]] = {}
        self._tidy_at = 0.0

    def __len__(self) -> int:
        """Return how many keys are stored."""
        return len(self._seen)

    def add(self, one: Hashable) -> tuple[int, float]:
        """Count a hit of `one`; return its hits in this window, and the seconds until the window ends."""
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
    """Apply the rate limits to every page of `app`; static files are not limited."""
    app.extensions["counts"] = Counts()
    app.before_request(_count)


def exempt(view: _View) -> _View:
    """Exempt a view from rate limits (decorator below the route): for programs that call it in bulk."""
    _exempt.add(view)
    return view


def forms(view: _View) -> _View:
    """Count the view's POST requests towards the limit for forms (decorator below the route)."""
    _forms.add(view)
    return view


def search(view: _View) -> _View:
    """Count the view towards the limit for searches (decorator below the route)."""
    _searches.add(view)
    return view


def _count() -> None:
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static" or endpoint in ENDPOINTS or OURS in request.environ:
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
    """Count a hit for the visitor's network, then the wider ones; stop at the first limit reached (429)."""
    counts: Counts = current_app.extensions["counts"]
    for place, network in enumerate(networks()):
        share = _SHARES.get(prefix(network), 0 if place else 1)
        if share:
            times, seconds = counts.add((network, what))
            if times > most * share:
                raise TooManyRequests(retry_after=ceil(seconds))
