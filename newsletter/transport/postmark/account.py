"""Ask Postmark what the server and its stream lack for our mail."""

import asyncio
from typing import Any

from newsletter.errors import Message, Problem
from newsletter.transport.postmark.client import connected, document

_PATIENCE = 30  # seconds


def lacks(token: str, host: str, stream: str, domain: str) -> list[Problem]:
    """Return what the account lacks for sending from `domain`. Raises TransportUnavailable.

    A server's token may not read the account's domains, so it is never certain that nothing is lacking.
    """
    found = asyncio.run(_stream(token, host, stream))
    unseen = Problem.warning(
        Message("the token may not read whether Postmark has verified %(domain)s", domain=domain),
        hint="Look yourself in Postmark, under Sender Signatures: DKIM and Return-Path must be verified.",
    )
    handling = found.get("SubscriptionManagementConfiguration")
    if isinstance(handling, dict) and handling.get("UnsubscribeHandlingType") == "Postmark":
        ours = Problem.warning(
            Message("Postmark adds its own unsubscribe link to the stream %(stream)s", stream=stream),
            hint='Ask its support for "Manage unsubscribes on your own", and choose it in the stream\'s'
            " settings: else List-Unsubscribe is Postmark's, and readers leave by its page.",
        )
        return [ours, unseen]
    return [unseen]


async def _stream(token: str, host: str, stream: str) -> dict[str, Any]:
    async with connected(token, host, _PATIENCE) as client:
        return await document(client, f"/message-streams/{stream}")
