"""What is known of each request: a line in the log, a count and a time; nobody's address or link."""

import logging
import re
import time
from urllib.parse import quote

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

from newsletter.web.readers.site import network

_log = logging.getLogger(__name__)
_TELLING = re.compile(r"[^/]{24,}")  # a token has 31 characters; hardly a name is as long
_LONGEST = 120
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10)

METHOD = 10
"""Letters of a method that the log shows: visitors can make up long ones."""


def shown(path: str) -> str:
    """Return a path as the log may show it: on one line, and with … where a token may be."""
    return "/".join(map(quote, _TELLING.sub("…", path)[:_LONGEST].split("/"))).replace(quote("…"), "…")


def watch(app: Flask, registry: CollectorRegistry) -> None:
    """Log, count and time every request of `app`."""
    labels = ["endpoint", "status"]
    requests = Counter("newsletter_requests", "Requests answered", labels, registry=registry)
    seconds = Histogram(
        "newsletter_request_seconds", "Until answered", ["endpoint"], buckets=_SECONDS, registry=registry
    )

    def begin() -> None:
        g.begun = time.perf_counter()

    def end(response: Response) -> Response:
        took = time.perf_counter() - g.get("begun", time.perf_counter())
        endpoint = request.endpoint or "none"
        requests.labels(endpoint, response.status_code).inc()
        seconds.labels(endpoint).observe(took)
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
