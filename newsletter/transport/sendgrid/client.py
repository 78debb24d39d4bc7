"""SendGrid transport: each request sends one edition to many readers, over HTTPS with SendGrid's client.

SendGrid has no idempotency keys and no answer per reader, so a lost answer leaves the whole request unknown.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message
from newsletter.transport.sendgrid.api import read, refuse, refused_here, request, unavailable
from newsletter.transport.web_answer import Answer, unanswered
from newsletter.transport.web_api import Many

# Disabled, because its DEBUG messages contain the API key and all addresses, wherever the level is set.
logging.getLogger("python_http_client.client").disabled = True


class SendGrid(Many[None]):
    """SendGrid's API at `host`, with up to `batch` readers in a request; `timeout` in seconds."""

    name = "sendgrid"

    def __init__(self, *, key: str, host: str, batch: int, timeout: float = 30) -> None:
        super().__init__(host, unavailable, batch, lambda message: message.edition)
        self._client = SendGridAPIClient(api_key=key, host=host).client
        self._client.timeout = timeout  # the client's default is to wait for ever

    def _open(self) -> nullcontext[None]:
        return nullcontext()

    async def check(self) -> None:
        """Check the API key's permissions. Raises TransportUnavailable when it may not send mail.

        Once it has succeeded, a failure before it counts no more.
        """
        answer = await asyncio.to_thread(call, self._client.scopes.get)
        if answer.status != 200:  # noqa: PLR2004  HTTP OK
            raise unavailable(answer, self._host)
        try:
            scopes = answer.document["scopes"]
        except (LookupError, TypeError):
            raise TransportUnavailable(
                errors.Message("%(host)s does not answer like SendGrid", host=self._host),
                "Check sendgrid.host in newsletter.yaml.",
            ) from None
        if "mail.send" not in scopes:
            raise TransportUnavailable(
                "the key in SENDGRID_API_KEY may not send mail",
                "Give it the permission Mail Send in SendGrid's settings, under API Keys.",
            )
        self._works()

    async def _ask(self, _session: None, messages: Sequence[Message]) -> Sequence[Answer]:
        body = request(messages)
        if fault := refuse(body, time.time()):
            answer = refused_here(fault)
        else:
            answer = await asyncio.to_thread(call, self._client.mail.send.post, request_body=body)
        return [answer] * len(messages)


def call(method: Callable[..., Any], **arguments: object) -> Answer:
    """Call a method of SendGrid's client and return the answer; it blocks, so run it in a thread."""
    try:
        response = method(**arguments)
    except HTTPError as error:
        return read(error.status_code, error.body, error.headers, time.time())
    except URLError as error:  # urllib's error when a request was not written completely
        return unanswered(error, sent=False)
    except (OSError, HTTPException) as error:
        return unanswered(error, sent=True)
    return read(response.status_code, response.body, response.headers, time.time())
