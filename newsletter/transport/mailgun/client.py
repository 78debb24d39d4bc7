"""Mailgun transport: one message to one reader in each request, over connections that stay open.

Mailgun has no idempotency keys, so a message whose answer is lost is unknown.
"""

import asyncio
import logging
import ssl
from datetime import UTC, datetime
from functools import cached_property

import httpx

from newsletter.model import Message
from newsletter.transport.mailgun.api import fields, read, refuse, unavailable
from newsletter.transport.web_answer import Answer, unanswered
from newsletter.transport.web_api import OneByOne

_IDLE = 30  # seconds that an idle connection is kept
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for every message


class Mailgun(OneByOne[httpx.AsyncClient]):
    """Mailgun's API at `host` for `domain`; `timeout` is in seconds."""

    name = "mailgun"

    def __init__(
        self, *, key: str, host: str, domain: str, connections: int = 4, timeout: float = 30
    ) -> None:
        super().__init__(host, unavailable)
        self.connections = connections
        self._key = key
        self._messages = f"{host.rstrip('/')}/v3/{domain}/messages.mime"
        self._timeout = timeout

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # takes 20 ms, so all connections share one

    def _open(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            auth=("api", self._key),
            verify=self._tls,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1, keepalive_expiry=_IDLE),
        )

    async def check(self) -> None:
        """Ask Mailgun to send nothing. Raises TransportUnavailable unless that is all it finds wrong.

        A key that may only send cannot be asked for otherwise. Once this has succeeded, a failure before it
        counts no more.
        """
        async with self._open() as client:
            answer = await self._post(client, {"o:testmode": "yes"}, None)
        if answer.status != 400:  # noqa: PLR2004  HTTP Bad Request: there is no message in it
            raise unavailable(answer, self._host)
        self._works()

    async def _ask_one(self, session: httpx.AsyncClient, message: Message) -> Answer:
        return refuse(message) or await self._post(session, fields(message), message.content)

    async def _post(self, client: httpx.AsyncClient, data: dict[str, str], content: bytes | None) -> Answer:
        """Return Mailgun's answer; without one, whether the message certainly did not leave."""
        # A form in parts, as Mailgun wants it, even where it holds no file.
        files = {name: (None, value.encode(), None) for name, value in data.items()}
        try:
            async with asyncio.timeout(self._timeout * 2):
                response = await client.post(
                    self._messages,
                    files=files
                    if content is None
                    else {**files, "message": ("message.mime", content, "message/rfc822")},
                )
        except _UNSENT as error:
            return unanswered(error, sent=False)
        except (httpx.TransportError, TimeoutError) as error:
            return unanswered(error, sent=True)
        return read(response.status_code, response.content, response.headers, datetime.now(UTC))
