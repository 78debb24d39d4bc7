"""Webhooks: events that providers report are verified, stored at once, and processed later."""

import logging

from flask import Blueprint, Response, abort, request

from newsletter.errors import ConfigError, StoreError
from newsletter.registry import PROVIDERS
from newsletter.services.feedback import keep_events, provider_events
from newsletter.web.readers import limits
from newsletter.web.readers.site import workspace

_log = logging.getLogger(__name__)


def hooks() -> Blueprint:
    """Return the addresses of providers: /hooks/ and the name of one, or of a way that leaves by one."""
    pages = Blueprint("hooks", __name__)
    for name in PROVIDERS:
        pages.add_url_rule(f"/hooks/{name}", name, _take, methods=["POST"], defaults={"provider": name})
    pages.add_url_rule("/hooks/<provider>", "way", _take, methods=["GET", "POST"])
    return pages


@limits.exempt
def _take(provider: str) -> Response:
    """Keep the events of `provider`; without the key that verifies them there is no such page.

    After any other answer than 200 a provider sends them again; SendGrid does for a day, Postmark for ten
    hours, but not after 403.
    """
    here = workspace()
    if request.method != "POST":
        abort(405 if provider in PROVIDERS else 404)
    try:
        events = provider_events(here, provider)
    except ConfigError as error:
        _log.error("%s", error)
        abort(503)
    if events is None:
        abort(404)
    body = request.get_data()
    if not events.verify(dict(request.headers), body):
        abort(403)
    try:
        keep_events(here, events.parse(body))
    except ValueError:
        abort(400)
    except StoreError as error:
        _log.error("%s", error)
        abort(503)
    return Response("kept\n", mimetype="text/plain")
