"""Ask Mailgun whether the domain that sends is verified there."""

from datetime import UTC, datetime
from http import HTTPStatus

import httpx

from newsletter.errors import Message, Problem
from newsletter.transport.mailgun.api import read, unavailable
from newsletter.transport.web_answer import unanswered

_PATIENCE = 30  # seconds
_FORBIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def lacks(key: str, host: str, domain: str) -> list[Problem]:
    """Return what `domain` lacks for sending. Raises TransportUnavailable."""
    try:
        response = httpx.get(f"{host.rstrip('/')}/v4/domains/{domain}", auth=("api", key), timeout=_PATIENCE)
    except httpx.TransportError as error:
        raise unavailable(unanswered(error, sent=False), host) from None
    if response.status_code in _FORBIDDEN:
        hint = "Look yourself at Mailgun's page Domains, or give the press a key of the account for a moment."
        return [Problem.warning("the key may only send, not read the state of the domain", hint=hint)]
    try:
        state = response.json()["domain"]["state"] if response.is_success else None
    except (ValueError, LookupError, TypeError):
        state = None
    if state is None:
        raise unavailable(
            read(response.status_code, response.content, response.headers, datetime.now(UTC)), host
        )
    if state == "active":
        return []
    return [
        Problem.error(
            Message("Mailgun has %(domain)s, but it is %(state)s", domain=domain, state=str(state)[:40]),
            hint="At Mailgun's page Domains, publish the DNS records that it shows, and press Verify.",
        )
    ]
