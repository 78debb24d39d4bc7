"""Mailgun transport: one message to one reader in each request, over connections that stay open.

Mailgun has no idempotency keys, so a message whose answer is lost is unknown.
"""

import asyncio
import logging
import random
import ssl
from datetime import UTC, datetime
from functools import cached_property

import httpx

from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Verdict
from newsletter.ports import Outgoing
from newsletter.transport.mailgun.api import Answer, Meaning, fields, read, refuse, unavailable

_PATIENCE = (0.5, 1, 2, 4, 8)  # seconds of backoff between attempts
_JITTER = 1.0  # most seconds of jitter, so that connections waiting for the same moment do not collide
_LOST = 3  # answers lost in a row after which sending stops
_IDLE = 30  # seconds that an idle connection is kept
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for every message


class Mailgun:
    """Mailgun's API at `host` for `domain`; `timeout` is in seconds.

    Once it has become unavailable it stays so until `check` succeeds: a further `drain` sends nothing.
    """

    name = "mailgun"
    repeatable = False

    def __init__(
        self, *, key: str, host: str, domain: str, connections: int = 4, timeout: float = 30
    ) -> None:
        self.connections = connections
        self._key = key
        self._host = host
        self._messages = f"{host.rstrip('/')}/v3/{domain}/messages.mime"
        self._timeout = timeout
        self._failure: TransportUnavailable | None = None
        self._lost = 0

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # takes 20 ms, so all connections share one

    def _client(self) -> httpx.AsyncClient:
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
        async with self._client() as client:
            answer = await self._post(client, {"o:testmode": "yes"}, None)
        if answer.status != 400:  # noqa: PLR2004  HTTP Bad Request: there is no message in it
            raise unavailable(answer, self._host)
        self._failure, self._lost = None, 0

    async def drain(self, outgoing: Outgoing) -> None:
        """Send the messages of `outgoing`, one after another. Raises TransportUnavailable."""
        async with self._client() as client:
            while not self._failure and (message := await outgoing.next()):
                if not await self._send(client, message, outgoing):
                    return
        if self._failure:
            raise self._failure

    async def _send(self, client: httpx.AsyncClient, message: Message, outgoing: Outgoing) -> bool:
        """Send one message. Return False when no further one should be started.

        Between attempts, while Mailgun cannot be reached or asks to wait, it does not count as on the wire.
        """
        answer = Answer(meaning=Meaning.LATER)
        for pause in (None, *_PATIENCE):
            if pause is not None:
                outgoing.withdraw(message)
                jitter = random.uniform(0, _JITTER)  # noqa: S311  not security
                await asyncio.sleep((pause if answer.after is None else answer.after) + jitter)
            if self._failure:
                break
            [verdict] = await outgoing.begin([message])
            if verdict is not Verdict.GO:
                return verdict is not Verdict.STOP
            answer = refuse(message) or await self._post(client, fields(message), message.content)
            if answer.meaning is not Meaning.LATER:
                break
        self._learn(answer)
        if receipt := answer.receipt:
            outgoing.finish(message, receipt)
        else:
            outgoing.put_back(message)
        return True

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
            return Answer(meaning=Meaning.LATER, text=str(error) or type(error).__name__)
        except (httpx.TransportError, TimeoutError) as error:
            return Answer(meaning=Meaning.LOST, text=str(error) or type(error).__name__)
        return read(response.status_code, response.content, response.headers, datetime.now(UTC))

    def _learn(self, answer: Answer) -> None:
        """Record a failure when `answer` shows that sending should stop."""
        self._lost = self._lost + 1 if answer.meaning is Meaning.LOST else 0
        if answer.meaning in {Meaning.LATER, Meaning.STOP} or self._lost == _LOST:
            self._failure = self._failure or unavailable(answer, self._host)
