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
_LULL = 1.0  # seconds without a message after which a request leaves as it is
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
        batches.close()
        for error in (*ended, self._failure):
            if error:
                raise error

    async def _send_batches(self, batches: "_Batches", outgoing: Outgoing) -> None:
        while (batch := await batches.next()) and not self._failure:
            if not await self._send(batch, outgoing):
                return

    async def _send(self, messages: Sequence[Message], outgoing: Outgoing) -> bool:
        """Send one request, or its halves where it is refused for someone in it or for its size.

        While SendGrid has us wait or cannot be reached, nothing counts as on the wire. False when no more is
        to be begun.
        """
        answer, goes_on = Answer(meaning=Meaning.LATER), True
        for pause in (None, *_PATIENCE):
            if pause is not None:
                _withdraw(messages, outgoing)
                jitter = random.uniform(0, _JITTER)  # noqa: S311  no secret
                await asyncio.sleep(answer.wait(pause, time.time()) + jitter)
            if self._failure:
                break
            verdicts = await asyncio.gather(*map(outgoing.begin, messages))
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
        """Return SendGrid's answer, or the one it would give."""
        if fault := refuse(body, time.time()):
            return refused_here(fault)
        return await asyncio.to_thread(_call, self._client.mail.send.post, request_body=body)

    def _learn(self, answer: Answer) -> None:
        """Note whether it makes sense to go on."""
        self._lost = self._lost + 1 if answer.meaning is Meaning.LOST else 0
        if answer.meaning in {Meaning.LATER, Meaning.STOP} or self._lost == _LOST:
            self._failure = self._failure or unavailable(answer, self._host)


def _withdraw(messages: Sequence[Message], outgoing: Outgoing) -> None:
    for message in messages:
        outgoing.withdraw(message)


class _Batches:
    """Messages held back by edition until they fill a request, or no more come for a while.

    The next may wait for its domain's turn, and that for one that is held back here.
    """

    def __init__(self, outgoing: Outgoing, size: int) -> None:
        self._outgoing = outgoing
        self._size = size
        self._held: dict[str, list[Message]] = defaultdict(list)
        self._turn = asyncio.Lock()
        self._coming: asyncio.Future[Message | None] | None = None

    async def next(self) -> list[Message]:
        """Return the messages of the next request, all of one edition; none when there are no more."""
        async with self._turn:
            while sum(map(len, self._held.values())) < self._size * _HELD:
                message = await self._come()
                if message is None:
                    break
                held = self._held[message.page.edition]
                held.append(message)
                if len(held) == self._size:
                    return self._held.pop(message.page.edition)
            fullest = max(self._held, key=lambda edition: len(self._held[edition]), default="")
            return self._held.pop(fullest, [])

    async def _come(self) -> Message | None:
        """Return the next message; None when there is none, or none for a while and some are held back."""
        self._coming = self._coming or asyncio.ensure_future(self._outgoing.next())
        await asyncio.wait({self._coming}, timeout=_LULL if self._held else None)
        if not self._coming.done():
            return None
        come, self._coming = self._coming, None
        return come.result()

    def close(self) -> None:
        """Take no more: whoever is waited for stays open."""
        if self._coming:
            self._coming.cancel()


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
