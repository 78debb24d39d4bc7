"""SendGrid transport: each request sends one edition to many readers, over HTTPS with SendGrid's client.

SendGrid has no idempotency keys and no answer per reader, so a lost answer leaves the whole request unknown.
"""

import asyncio
import json
import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.transport.sendgrid import REQUESTS
from newsletter.transport.sendgrid.api import (
    OUTCOMES,
    Answer,
    Meaning,
    read,
    refuse,
    refused_here,
    request,
    unavailable,
)

_HELD = 10  # buffer for filling requests, in full requests; each message in it keeps its chunk open
_LULL = 1.0  # seconds without a new message after which an incomplete request is sent
_PATIENCE = (0.5, 1, 2, 4, 8)  # seconds of backoff between attempts
_JITTER = 1.0  # most seconds of jitter, so that clients waiting for the same moment do not collide
_LOST = 3  # answers lost in a row after which sending stops

# Disabled, because its DEBUG messages contain the API key and all addresses, wherever the level is set.
logging.getLogger("python_http_client.client").disabled = True


class SendGrid:
    """SendGrid's API at `host`, with up to `batch` readers in a request; `timeout` in seconds.

    Once it has become unavailable it stays so until `check` succeeds: a further `drain` sends nothing.
    """

    name = "sendgrid"
    connections = 1  # it runs concurrent requests itself, so that they share one buffer
    repeatable = False

    def __init__(self, *, key: str, host: str, batch: int, timeout: float = 30) -> None:
        self._host = host
        self._batch = batch
        self._client = SendGridAPIClient(api_key=key, host=host).client
        self._client.timeout = timeout  # the client's default is to wait for ever
        self._failure: TransportUnavailable | None = None
        self._lost = 0

    async def check(self) -> None:
        """Check the API key's permissions. Raises TransportUnavailable when it may not send mail.

        Once it has succeeded, a failure before it counts no more.
        """
        answer = await asyncio.to_thread(call, self._client.scopes.get)
        if answer.status != 200:  # noqa: PLR2004  HTTP OK
            raise unavailable(answer, self._host)
        try:
            scopes = json.loads(answer.content)["scopes"]
        except (ValueError, LookupError, TypeError):
            raise TransportUnavailable(
                errors.Message("%(host)s does not answer like SendGrid", host=self._host),
                "Check sendgrid.host in newsletter.yaml.",
            ) from None
        if "mail.send" not in scopes:
            raise TransportUnavailable(
                "the key in SENDGRID_API_KEY may not send mail",
                "Give it the permission Mail Send in SendGrid's settings, under API Keys.",
            )
        self._failure, self._lost = None, 0

    async def drain(self, outgoing: Outgoing) -> None:
        """Send all messages of `outgoing` in concurrent requests. Raises TransportUnavailable."""
        batches = _Batches(outgoing, self._batch)
        ended = await asyncio.gather(
            *(self._send_batches(batches, outgoing) for _ in range(REQUESTS)), return_exceptions=True
        )
        batches.close()
        for error in (*ended, self._failure):
            if error:
                raise error

    async def _send_batches(self, batches: "_Batches", outgoing: Outgoing) -> None:
        while (batch := await batches.next()) and not self._failure:
            if not await self._send(batch, outgoing):
                return

    async def _send(self, messages: Sequence[Message], outgoing: Outgoing) -> bool:
        """Send one request; if it is refused because of a recipient or its size, send its halves instead.

        Between attempts, while SendGrid cannot be reached or asks to wait, its messages do not count as on
        the wire. Return False when no further request should be started.
        """
        answer, goes_on = Answer(meaning=Meaning.LATER), True
        for pause in (None, *_PATIENCE):
            if pause is not None:
                _withdraw(messages, outgoing)
                jitter = random.uniform(0, _JITTER)  # noqa: S311  not security
                await asyncio.sleep(answer.wait(pause, time.time()) + jitter)
            if self._failure:
                break
            verdicts = await outgoing.begin(messages)
            messages = [one for one, verdict in zip(messages, verdicts, strict=True) if verdict is Verdict.GO]
            goes_on = Verdict.STOP not in verdicts
            if not messages:
                return goes_on
            answer = await self._ask(request(messages))
            if answer.meaning is not Meaning.LATER:
                break
        if answer.meaning is Meaning.NARROW and len(messages) > 1:
            _withdraw(messages, outgoing)
            middle = len(messages) // 2
            halves = messages[:middle], messages[middle:]
            return all([await self._send(half, outgoing) for half in halves]) and goes_on
        self._learn(answer)
        if outcome := OUTCOMES.get(answer.meaning):
            receipt = Receipt(outcome=outcome, code=answer.status, detail=answer.text)
            for message in messages:
                outgoing.finish(message, receipt)
        else:
            for message in messages:
                outgoing.put_back(message)
        return goes_on

    async def _ask(self, body: dict[str, Any]) -> Answer:
        """Return SendGrid's answer, or, for an invalid request, the refusal that it would give."""
        if fault := refuse(body, time.time()):
            return refused_here(fault)
        return await asyncio.to_thread(call, self._client.mail.send.post, request_body=body)

    def _learn(self, answer: Answer) -> None:
        """Record a failure when `answer` shows that sending should stop."""
        self._lost = self._lost + 1 if answer.meaning is Meaning.LOST else 0
        if answer.meaning in {Meaning.LATER, Meaning.STOP} or self._lost == _LOST:
            self._failure = self._failure or unavailable(answer, self._host)


def _withdraw(messages: Sequence[Message], outgoing: Outgoing) -> None:
    for message in messages:
        outgoing.withdraw(message)


class _Batches:
    """Buffer of messages by edition, until they fill a request or no more come for a while.

    The wait is limited, because the next message may wait for its domain's turn, and that for a message in
    this buffer.
    """

    def __init__(self, outgoing: Outgoing, size: int) -> None:
        self._outgoing = outgoing
        self._size = size
        self._held: dict[str, list[Message]] = defaultdict(list)
        self._turn = asyncio.Lock()
        self._coming: asyncio.Future[Message | None] | None = None

    async def next(self) -> list[Message]:
        """Return the messages of the next request, all of one edition; empty when there are no more."""
        async with self._turn:
            while sum(map(len, self._held.values())) < self._size * _HELD:
                message = await self._come()
                if message is None:
                    break
                held = self._held[message.edition]
                held.append(message)
                if len(held) == self._size:
                    return self._held.pop(message.edition)
            fullest = max(self._held, key=lambda edition: len(self._held[edition]), default="")
            return self._held.pop(fullest, [])

    async def _come(self) -> Message | None:
        """Return the next message; None at the end, or when none comes for a while and some are buffered."""
        self._coming = self._coming or asyncio.ensure_future(self._outgoing.next())
        await asyncio.wait({self._coming}, timeout=_LULL if self._held else None)
        if not self._coming.done():
            return None
        come, self._coming = self._coming, None
        return come.result()

    def close(self) -> None:
        """Stop waiting for messages; one that has not come yet stays pending."""
        if self._coming:
            self._coming.cancel()


def call(method: Callable[..., Any], **arguments: object) -> Answer:
    """Call a method of SendGrid's client and return the answer; it blocks, so run it in a thread."""
    try:
        response = method(**arguments)
    except HTTPError as error:
        return read(error.status_code, error.body, error.headers)
    except URLError as error:  # urllib's error when a request was not written completely
        return Answer(meaning=Meaning.LATER, text=f"{error.reason}")
    except (OSError, HTTPException) as error:
        return Answer(meaning=Meaning.LOST, text=str(error) or type(error).__name__)
    return read(response.status_code, response.body, response.headers)
