"""Access log and request metrics, without anybody's e-mail address, IP address or token."""

import logging
import re
import time
from urllib.parse import quote

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

from newsletter.web.readers.site import network

_log = logging.getLogger(__name__)
_TELLING = re.compile(r"[^/]{24,}")  # tokens have 31 characters; ordinary path segments are shorter
_LONGEST = 120
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10)

METHOD = 10
"""Characters of a method that are logged, at most: visitors can make up long ones."""


def shown(path: str) -> str:
    """Return a path that is safe to log: on one line, with … in place of anything that may be a token."""
    return "/".join(map(quote, _TELLING.sub("…", path)[:_LONGEST].split("/"))).replace(quote("…"), "…")


class Meters:
    """Count and duration of requests in a registry, which applications of one server share."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["endpoint", "status"]
        self.requests = Counter("newsletter_requests", "Requests answered", labels, registry=registry)
        self.seconds = Histogram(
            "newsletter_request_seconds", "Until answered", ["endpoint"], buckets=_SECONDS, registry=registry
        )


def watch(app: Flask, meters: Meters) -> None:
    """Log every request of `app`, and record its count and duration."""

    def begin() -> None:
        g.begun = time.perf_counter()

    def end(response: Response) -> Response:
        took = time.perf_counter() - g.get("begun", time.perf_counter())
        endpoint = request.endpoint or "none"
        meters.requests.labels(endpoint, response.status_code).inc()
        meters.seconds.labels(endpoint).observe(took)
        _log.info(
            "%s %s %s %d %.0f ms",
            network(),
            request.method[:METHOD],
            shown(request.path),
            response.status_code,
            took * 1000,
        )
        return response

    app.before_request(begin)
    app.after_request(end)
