"""Health and metrics endpoints: a blueprint of the site, and a separate application for monitoring."""

import hmac
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from newsletter.config.secrets import secret
from newsletter.errors import StoreError
from newsletter.services import Workspace
from newsletter.services.disk import disk_shortage
from newsletter.services.live import LiveWorkspace, settings_and_logo
from newsletter.store.db import reading
from newsletter.store.locking import METER
from newsletter.store.metrics import Metrics, answers, collect
from newsletter.web.readers import limits
from newsletter.web.readers.server import is_loopback
from newsletter.web.readers.site import database, workspace

pages = Blueprint("status", __name__)


@pages.get("/health")
@limits.exempt
def health() -> tuple[dict[str, str], int]:
    """Report health: 503 when the database does not answer or the disk is nearly full, else 200."""
    try:
        with reading(database()) as connection:
            answers(connection)
    except StoreError:
        return {"status": "the database does not answer"}, 503
    if short := disk_shortage(workspace()):
        return {"status": short.brief}, 503
    return {"status": "ok"}, 200


@pages.get("/metrics")
@limits.exempt
def metrics() -> Response:
    """Return the metrics in Prometheus's text format; 404 without permission to see them."""
    if not _may_know():
        abort(404)
    return Response(generate_latest(current_app.extensions["metrics"]), content_type=CONTENT_TYPE_LATEST)


def create_status(workspace: Workspace, metrics: CollectorRegistry) -> Flask:
    """Return an application with health and metrics only, for a socket that visitors cannot saturate."""
    app = Flask(__name__, static_folder=None)
    app.extensions |= {"live": LiveWorkspace(workspace, settings_and_logo), "metrics": metrics}
    app.register_blueprint(pages)
    return app


def _may_know() -> bool:
    """Tell whether the request carries the token, or comes from this machine and not through a proxy."""
    token = secret("NEWSLETTER_METRICS_TOKEN")
    given = request.headers.get("Authorization", "").encode()
    if token and hmac.compare_digest(given, f"Bearer {token}".encode()):
        return True
    peer = request.environ.get("werkzeug.proxy_fix.orig", request.environ)["REMOTE_ADDR"]
    handed_on = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via"))
    asked = urlsplit(f"//{request.host}").hostname or ""
    return is_loopback(peer) and not handed_on and (asked == "localhost" or is_loopback(asked))


class Ledger(Collector):
    """Prometheus collector for the figures in the database, read at scrape time."""

    def __init__(self, database: Callable[[], Engine], clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; only `newsletter_database_up 0` when the database does not answer."""
        try:
            with reading(self._database()) as connection:
                found = collect(connection, self._clock())
        except StoreError:
            yield GaugeMetricFamily("newsletter_database_up", "Whether the database answers", 0)
            return
        yield GaugeMetricFamily("newsletter_database_up", "Whether the database answers", 1)
        yield GaugeMetricFamily(
            "newsletter_write_lock_seconds_max",
            "Longest time that one transaction of this process held the write lock",
            METER.longest,
        )
        yield from _metrics(found)


def _metrics(found: Metrics) -> Iterator[Metric]:
    people = GaugeMetricFamily("newsletter_subscribers", "By status", labels=["status"])
    for status, count in found.subscribers.items():
        people.add_metric([status], count)
    sent = GaugeMetricFamily(
        "newsletter_deliveries", "Of the newest issue, by outcome", labels=["issue", "outcome"]
    )
    for outcome, count in found.deliveries.items():
        sent.add_metric([found.issue, outcome], count)
    yield people
    yield sent
    yield GaugeMetricFamily("newsletter_letters_waiting", "Letters waiting to be sent", found.letters)
    yield GaugeMetricFamily(
        "newsletter_open_chunk_seconds",
        "Age of the oldest chunk of work that nobody has finished",
        found.waits,
    )
    if found.last_run:
        moment, outcome = found.last_run
        last_run = GaugeMetricFamily(
            "newsletter_weekly_hour_timestamp_seconds",
            "Time of the last weekly run, by outcome",
            labels=["outcome"],
        )
        last_run.add_metric([outcome], moment.timestamp())
        yield last_run


def registry(database: Callable[[], Engine], clock: Callable[[], datetime]) -> CollectorRegistry:
    """Return the metrics registry of one site."""
    kept = CollectorRegistry()
    kept.register(Ledger(database, clock))
    return kept
