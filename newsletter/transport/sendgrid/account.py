"""Ask SendGrid whether its account may send from a domain: sender authentication, or a single sender."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from sendgrid import SendGridAPIClient

from newsletter.errors import Message, Problem
from newsletter.transport.sendgrid.api import unavailable
from newsletter.transport.sendgrid.client import call

_PATIENCE = 30  # seconds
_FORBIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_SETTINGS = "In SendGrid's settings, under Sender Authentication, authenticate the domain"


def lacks(key: str, host: str, domain: str) -> list[Problem]:
    """Return what the account lacks for sending from `domain`. Raises TransportUnavailable."""
    client = SendGridAPIClient(api_key=key, host=host).client
    client.timeout = _PATIENCE
    answer = call(client.whitelabel.domains.get)
    if answer.status in _FORBIDDEN:
        hint = "Give the key the permission Sender Authentication (read), or look yourself."
        return [Problem.warning("the key may not read SendGrid's sender authentication", hint=hint)]
    if answer.status != HTTPStatus.OK:
        raise unavailable(answer, host)
    ours = [one for one in _entries(answer.document) if _covers(str(one.get("domain", "")), domain)]
    if any(one.get("valid") for one in ours):
        return []
    if ours:
        text = Message("SendGrid has %(domain)s, but its DNS records are not verified", domain=domain)
        return [
            Problem.error(
                text,
                hint=Message(
                    "%(settings)s: press Verify, and see which record it misses.", settings=_SETTINGS
                ),
            )
        ]
    return [
        Problem.error(
            Message(
                "SendGrid's account has not authenticated %(domain)s, so DMARC does not pass", domain=domain
            ),
            hint=Message(
                "%(settings)s, and publish the three CNAME records that it shows.", settings=_SETTINGS
            ),
        )
    ]


def _entries(found: object) -> Iterable[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _covers(authenticated: str, domain: str) -> bool:
    return f".{domain}".endswith(f".{authenticated.lower()}") if authenticated else False
