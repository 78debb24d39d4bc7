"""Postmark transport: each request sends many readers their messages, over HTTPS.

Postmark has no idempotency keys, so a lost answer leaves the whole request unknown.
"""

import asyncio
import random
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import httpx

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.transport.postmark import REQUESTS
from newsletter.transport.postmark.api import (
    LARGEST,
    OUTCOMES,
    Answer,
    Meaning,
    json_of,
    read,
    unavailable,
    written,
)

_LULL = 1.0  # seconds without a new message after which an incomplete request is sent
_PATIENCE = (0.5, 1, 2, 4, 8)  # seconds of backoff between attempts
_JITTER = 1.0  # most seconds of jitter, so that clients waiting for the same moment do not collide
_NONE = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)  # for what does not exist
_LOST = 3  # answers lost in a row after which sending stops
_WHOLE = 4  # times the timeout: the most that one request takes, however slowly it drips


class Postmark:
    """Postmark's API at `host`, with up to `batch` messages in a request; `timeout` in seconds.

    Once it has become unavailable it stays so until `check` succeeds: a further `drain` sends nothing.
    """

    name = "postmark"
    connections = 1  # it runs concurrent requests itself, so that they share one buffer
    repeatable = False

    def __init__(self, *, token: str, host: str, stream: str, batch: int, timeout: float = 30) -> None:
        self._token = token
        self._host = host
        self._stream = stream
        self._batch = batch
        self._timeout = timeout
        self._failure: TransportUnavailable | None = None
        self._lost = 0

    async def check(self) -> None:
        """Check the token, the server and the stream. Raises TransportUnavailable when no mail may leave.

        Once it has succeeded, a failure before it counts no more.
        """
        async with connected(self._token, self._host, self._timeout) as client:
            server = await document(client, "/server")
            stream = await document(client, f"/message-streams/{self._stream}")
        if server.get("DeliveryType") == "Sandbox":
            raise TransportUnavailable(
                "the Postmark server of this token is a sandbox, which delivers nothing",
                "Make a live server in Postmark, and put its token into POSTMARK_SERVER_TOKEN.",
            )
        if server.get("TrackOpens") is True:
            raise TransportUnavailable(
                "the Postmark server counts openings, which no message can switch off",
                "In Postmark, in the settings of the server, switch off open tracking.",
            )
        if stream.get("MessageStreamType") != "Broadcasts" or stream.get("ArchivedAt"):
            raise TransportUnavailable(
                errors.Message("Postmark's stream %(stream)s is not one for bulk mail", stream=self._stream),
                "Name a stream of the type Broadcasts, which is not archived, as postmark.stream in"
                " newsletter.yaml.",
            )
        self._failure, self._lost = None, 0

    async def drain(self, outgoing: Outgoing) -> None:
        """Send all messages of `outgoing` in concurrent requests. Raises TransportUnavailable."""
        batches = _Batches(outgoing, self._batch)
        async with connected(self._token, self._host, self._timeout) as client:
            ended = await asyncio.gather(
                *(self._send_batches(client, batches, outgoing) for _ in range(REQUESTS)),
                return_exceptions=True,
            )
        batches.close()
        for error in (*ended, self._failure):
            if error:
                raise error

    async def _send_batches(self, client: httpx.AsyncClient, batches: "_Batches", outgoing: Outgoing) -> None:
        while (batch := await batches.next()) and not self._failure:
            if not await self._send(client, batch, outgoing):
                return

    async def _send(self, client: httpx.AsyncClient, messages: Sequence[Message], outgoing: Outgoing) -> bool:
        """Send one request, and again what Postmark asks to wait for; halves of one that is too large.

        Between attempts its messages do not count as on the wire. Return False when no further request
        should be started.
        """
        last, goes_on = Answer(meaning=Meaning.LATER), True
        for pause in (None, *_PATIENCE):
            if pause is not None:
                _withdraw(messages, outgoing)
                jitter = random.uniform(0, _JITTER)  # noqa: S311  not security
                await asyncio.sleep((pause if last.wait is None else last.wait) + jitter)
            if self._failure:
                break
            verdicts = await outgoing.begin(messages)
            messages = [one for one, verdict in zip(messages, verdicts, strict=True) if verdict is Verdict.GO]
            goes_on = Verdict.STOP not in verdicts
            if not messages:
                return goes_on
            answers = await self._ask(client, messages)
            if len(messages) > 1 and any(answer.meaning is Meaning.NARROW for answer in answers):
                _withdraw(messages, outgoing)
                middle = len(messages) // 2
                halves = messages[:middle], messages[middle:]
                return all([await self._send(client, half, outgoing) for half in halves]) and goes_on
            self._learn(answers)
            messages = _settle(messages, answers, outgoing)
            if not messages:
                return goes_on
            last = next(answer for answer in answers if answer.meaning is Meaning.LATER)
        for message in messages:
            outgoing.put_back(message)
        self._failure = self._failure or unavailable(last, self._host)
        return goes_on

    async def _ask(self, client: httpx.AsyncClient, messages: Sequence[Message]) -> list[Answer]:
        """Return an answer for each message: Postmark's, or the refusal that it would give."""
        parts = await asyncio.to_thread(lambda: [written(message, self._stream) for message in messages])
        fit = [part for part in parts if isinstance(part, bytes)]
        content = b"[%b]" % b",".join(fit)
        if len(content) > LARGEST:
            return [Answer(meaning=Meaning.NARROW)] * len(messages)
        given = iter(await self._post(client, content, len(fit)) if fit else ())
        return [next(given) if isinstance(part, bytes) else part for part in parts]

    async def _post(self, client: httpx.AsyncClient, content: bytes, count: int) -> list[Answer]:
        reply = await _exchange(client, "POST", "/email/batch", content)
        if isinstance(reply, Answer):
            return [reply] * count
        return read(reply.status_code, reply.content, reply.headers, count)

    def _learn(self, answers: Sequence[Answer]) -> None:
        """Record a failure when `answers` show that sending should stop."""
        lost = next((answer for answer in answers if answer.meaning is Meaning.LOST), None)
        self._lost = self._lost + 1 if lost else 0
        end = next((answer for answer in answers if answer.meaning is Meaning.STOP), None)
        if wrong := end or (lost if self._lost == _LOST else None):
            self._failure = self._failure or unavailable(wrong, self._host)


def _withdraw(messages: Sequence[Message], outgoing: Outgoing) -> None:
    for message in messages:
        outgoing.withdraw(message)


def _settle(messages: Sequence[Message], answers: Sequence[Answer], outgoing: Outgoing) -> list[Message]:
    """Report what became of `messages`; return those to try again after a wait.

    Messages with one answer share a receipt, by which the sending knows that this is one error.
    """
    again, receipts = [], dict[int, Receipt]()
    for message, answer in zip(messages, answers, strict=True):
        if outcome := OUTCOMES.get(answer.meaning):
            receipt = Receipt(outcome=outcome, code=answer.code, detail=answer.text)
            outgoing.finish(message, receipts.setdefault(id(answer), receipt))
        elif answer.meaning is Meaning.LATER:
            again.append(message)
        else:
            outgoing.put_back(message)
    return again


class _Batches:
    """Messages for requests: as many as fill one, or those before none came for a while.

    The wait is limited, because the next message may wait for its domain's turn, and that for a message in
    this buffer.
    """

    def __init__(self, outgoing: Outgoing, size: int) -> None:
        self._outgoing = outgoing
        self._size = size
        self._turn = asyncio.Lock()
        self._coming: asyncio.Future[Message | None] | None = None

    async def next(self) -> list[Message]:
        """Return the messages of the next request; empty when there are no more."""
        async with self._turn:
            found: list[Message] = []
            while len(found) < self._size and (message := await self._come(wait=not found)):
                found.append(message)
            return found

    async def _come(self, *, wait: bool) -> Message | None:
        """Return the next message; None at the end or, unless told to wait, when none comes for a while."""
        self._coming = self._coming or asyncio.ensure_future(self._outgoing.next())
        await asyncio.wait({self._coming}, timeout=None if wait else _LULL)
        if not self._coming.done():
            return None
        come, self._coming = self._coming, None
        return come.result()

    def close(self) -> None:
        """Stop waiting for messages; one that has not come yet stays pending."""
        if self._coming:
            self._coming.cancel()


def connected(token: str, host: str, timeout: float) -> httpx.AsyncClient:
    """Return a client that keeps its connections, and waits for `timeout` seconds at most for anything."""
    return httpx.AsyncClient(
        base_url=host,
        timeout=timeout,
        headers={"X-Postmark-Server-Token": token, "Accept": "application/json"},
        limits=httpx.Limits(max_connections=REQUESTS),
    )


async def document(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Return a document of the account; an empty one if Postmark has none. Raises TransportUnavailable."""
    host = str(client.base_url)
    reply = await _exchange(client, "GET", path)
    if isinstance(reply, Answer):
        raise unavailable(reply, host)
    found = json_of(reply.content)
    if reply.status_code == HTTPStatus.OK and isinstance(found, dict):
        return found
    (answer,) = read(reply.status_code, reply.content, reply.headers, 1)
    if reply.status_code in _NONE and answer.code:
        return {}
    raise unavailable(answer, host)


async def _exchange(
    client: httpx.AsyncClient, method: str, path: str, content: bytes | None = None
) -> httpx.Response | Answer:
    """Return the reply to a request, or what it means that none came."""
    kind = {"Content-Type": "application/json"} if content else {}
    try:
        async with asyncio.timeout(_WHOLE * (client.timeout.read or 0)):
            return await client.request(method, path, content=content, headers=kind)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
        return Answer(meaning=Meaning.LATER, text=str(error) or type(error).__name__)
    except (httpx.HTTPError, TimeoutError) as error:
        return Answer(meaning=Meaning.LOST, text=str(error) or type(error).__name__)
