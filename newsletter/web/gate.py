"""What each view demands of whoever opens it: a view of which nothing is said is closed to everybody."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from flask import Flask

from newsletter.web.brand import ENDPOINTS

_View = TypeVar("_View", bound=Callable[..., Any])
D = TypeVar("D")

FILES = ENDPOINTS | {"static"}
"""Endpoints that are open to all, as they only give files."""


class Gate(Generic[D]):
    """The demands of an application's views, like a role; the decorators stand below the route."""

    def __init__(self) -> None:
        self._demands: dict[Callable[..., Any], D | None] = {}

    def requires(self, demand: D) -> Callable[[_View], _View]:
        """Open a view to those who meet `demand`."""

        def mark(view: _View) -> _View:
            self._demands[view] = demand
            return view

        return mark

    def open_to_all(self, view: _View) -> _View:
        """Open a view to everybody."""
        self._demands[view] = None
        return view

    def needed(self, app: Flask, endpoint: str) -> D | None:
        """Return what an endpoint demands, or None when it is open to all. Raises LookupError."""
        return None if endpoint in FILES else self._demands[app.view_functions[endpoint]]
