"""Webhooks of mail providers: the signature is verified, the events are stored and processed later."""

import logging

from flask import Blueprint, Response, abort, request

from newsletter.errors import ConfigError, StoreError
from newsletter.services.feedback import keep_sendgrid_events, sendgrid_verifier
from newsletter.web.readers import limits
from newsletter.web.readers.site import context

pages = Blueprint("hooks", __name__)
_log = logging.getLogger(__name__)


@pages.post("/hooks/sendgrid")
@limits.exempt
def sendgrid() -> Response:
    """Verify and store SendGrid's events; 404 when no verification key is configured.

    After any other answer than 200 SendGrid retries, for a day.
    """
    try:
        verifier = sendgrid_verifier()
    except ConfigError as error:
        _log.error("%s", error)
        abort(503)
    if verifier is None:
        abort(404)
    body, here = request.get_data(), context()
    if not verifier.verify(body, dict(request.headers), here.now()):
        abort(403)
    try:
        keep_sendgrid_events(here, body)
    except ValueError:
        abort(400)
    except StoreError as error:
        _log.error("%s", error)
        abort(503)
    return Response("kept\n", mimetype="text/plain")
