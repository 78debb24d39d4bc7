"""SendGrid: one edition for many readers in a request, over HTTPS by its own client.

It knows no idempotency key and gives no answer per reader, so a lost answer leaves the whole request unknown.
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

from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.transport.sendgrid_answers import OUTCOMES, Answer, Meaning, read, refused_here, unavailable
from newsletter.transport.sendgrid_limits import refuse
from newsletter.transport.sendgrid_request import request

_REQUESTS = 4  # on their way at the same time
_HELD = 10  # requests' worth of messages held back to fill requests; each holds its reader's chunk open
_PATIENCE = (0.5, 1, 2, 4, 8)  # seconds between attempts to be heard
_JITTER = 1.0  # seconds, at most, so that those who wait for the same moment do not come together
_LOST = 3  # answers lost in a row, after which nothing more is risked

# Its DEBUG messages hold the key and everybody's address, wherever the level may be set.
logging.getLogger("python_http_client.client").disabled = True


class SendGrid:
    """The service at `host`, for up to `batch` readers a request; `timeout` in seconds.

    What has once become unavailable stays so: a further `drain` begins nothing.
    """

    name = "sendgrid"
    connections = 1  # it runs its requests side by side itself, so that they share what is held back
    repeatable = False

    def __init__(self, *, key: str, host: str, batch: int, timeout: float = 30) -> None:
        self._host = host
        self._batch = batch
        self._client = SendGridAPIClient(api_key=key, host=host).client
        self._client.timeout = timeout  # its own is to wait for ever
        self._failure: TransportUnavailable | None = None
        self._lost = 0

    async def check(self) -> None:
        """Ask what the key may do. Raises TransportUnavailable when it may not send."""
        answer = await asyncio.to_thread(_call, self._client.scopes.get)
        if answer.status != 200:  # noqa: PLR2004  HTTP's word for fine
            raise unavailable(answer, self._host)
        try:
            scopes = json.loads(answer.content)["scopes"]
        except (ValueError, LookupError, TypeError):
            raise TransportUnavailable(
                f"{self._host} does not answer as SendGrid does", "Check sendgrid.host in newsletter.yaml."
            ) from None
        if "mail.send" not in scopes:
            raise TransportUnavailable(
                "the key in SENDGRID_API_KEY may not send mail",
                "Give it Mail Send in SendGrid's settings, under API Keys.",
            )

    async def drain(self, outgoing: Outgoing) -> None:
        """Send what `outgoing` gives, several requests at a time. Raises TransportUnavailable."""
        batches = _Batches(outgoing, self._batch)
        ended = await asyncio.gather(
            *(self._send_batches(batches, outgoing) for _ in range(_REQUESTS)), return_exceptions=True
        )
        for error in (*ended, self._failure):
            if error:
                raise error

    async def _send_batches(self, batches: "_Batches", outgoing: Outgoing) -> None:
        while (batch := await batches.next()) and not self._failure:
            verdicts = await asyncio.gather(*map(outgoing.begin, batch))
            going = [one for one, verdict in zip(batch, verdicts, strict=True) if verdict is Verdict.GO]
            if going:
                await self._send(going, outgoing)
            if Verdict.STOP in verdicts:
                return

    async def _send(self, messages: Sequence[Message], outgoing: Outgoing) -> None:
        """Send one request, or its halves where it is refused for someone in it or for its size."""
        body = request(messages)
        fault = refuse(body, time.time())
        answer = refused_here(fault) if fault else await self._ask(body)
        if answer.meaning is Meaning.NARROW and len(messages) > 1:
            middle = len(messages) // 2
            await self._send(messages[:middle], outgoing)
            await self._send(messages[middle:], outgoing)
            return
        self._learn(answer)
        if outcome := OUTCOMES.get(answer.meaning):
            receipt = Receipt(outcome=outcome, code=answer.status, detail=answer.text)
            for message in messages:
                outgoing.finish(message, receipt)
        else:
            for message in messages:
                outgoing.put_back(message)

    async def _ask(self, body: dict[str, Any]) -> Answer:
        """Return SendGrid's answer, asking again while it cannot be reached or has us wait."""
        for pause in (*_PATIENCE, None):
            if self._failure:
                break
            answer = await asyncio.to_thread(_call, self._client.mail.send.post, request_body=body)
            if answer.meaning is not Meaning.LATER or pause is None:
                return answer
            jitter = random.uniform(0, _JITTER)  # noqa: S311  no secret
            await asyncio.sleep(answer.wait(pause, time.time()) + jitter)
        return Answer(meaning=Meaning.LATER)

    def _learn(self, answer: Answer) -> None:
        """Note whether it makes sense to go on."""
        self._lost = self._lost + 1 if answer.meaning is Meaning.LOST else 0
        if answer.meaning in {Meaning.LATER, Meaning.STOP} or self._lost == _LOST:
            self._failure = self._failure or unavailable(answer, self._host)


class _Batches:
    """Messages held back by edition until they fill a request."""

    def __init__(self, outgoing: Outgoing, size: int) -> None:
        self._outgoing = outgoing
        self._size = size
        self._held: dict[str, list[Message]] = defaultdict(list)
        self._turn = asyncio.Lock()

    async def next(self) -> list[Message]:
        """Return the messages of the next request, all of one edition; none when there are no more."""
        async with self._turn:
            while sum(map(len, self._held.values())) < self._size * _HELD:
                message = await self._outgoing.next()
                if message is None:
                    break
                held = self._held[message.page.edition]
                held.append(message)
                if len(held) == self._size:
                    return self._held.pop(message.page.edition)
            fullest = max(self._held, key=lambda edition: len(self._held[edition]), default="")
            return self._held.pop(fullest, [])


def _call(method: Callable[..., Any], **arguments: object) -> Answer:
    """Return what SendGrid answers to a request of its client; runs in a thread."""
    try:
        response = method(**arguments)
    except HTTPError as error:
        return read(error.status_code, error.body, error.headers)
    except URLError as error:  # so urllib reports what ends a request before all of it has been written
        return Answer(meaning=Meaning.LATER, text=f"{error.reason}")
    except (OSError, HTTPException) as error:
        return Answer(meaning=Meaning.LOST, text=str(error) or type(error).__name__)
    return read(response.status_code, response.body, response.headers)
