"""Postmark transport: each request sends many readers their messages, over HTTPS.

Postmark has no idempotency keys, so a lost answer leaves the whole request unknown.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message
from newsletter.transport import REQUESTS
from newsletter.transport.postmark.api import LARGEST, read, unavailable, written
from newsletter.transport.web_answer import Answer, Meaning, json_of, unanswered
from newsletter.transport.web_api import Many

_NONE = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)  # for what does not exist
_WHOLE = 4  # times the timeout: the most that one request takes, however slowly it drips


class Postmark(Many[httpx.AsyncClient]):
    """Postmark's API at `host`, with up to `batch` messages in a request; `timeout` in seconds."""

    name = "postmark"

    def __init__(self, *, token: str, host: str, stream: str, batch: int, timeout: float = 30) -> None:
        super().__init__(host, unavailable, batch)
        self._token = token
        self._stream = stream
        self._timeout = timeout

    def _open(self) -> httpx.AsyncClient:
        return connected(self._token, self._host, self._timeout)

    async def check(self) -> None:
        """Check the token, the server and the stream. Raises TransportUnavailable when no mail may leave.

        Once it has succeeded, a failure before it counts no more.
        """
        async with self._open() as client:
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
        self._works()

    async def _ask(self, session: httpx.AsyncClient, messages: Sequence[Message]) -> Sequence[Answer]:
        parts = await asyncio.to_thread(lambda: [written(message, self._stream) for message in messages])
        fit = [part for part in parts if isinstance(part, bytes)]
        content = b"[%b]" % b",".join(fit)
        if len(content) > LARGEST:
            return [Answer(meaning=Meaning.NARROW)] * len(messages)
        given = iter(await _post(session, content, len(fit)) if fit else ())
        return [next(given) if isinstance(part, bytes) else part for part in parts]


async def _post(client: httpx.AsyncClient, content: bytes, count: int) -> list[Answer]:
    reply = await _exchange(client, "POST", "/email/batch", content)
    if isinstance(reply, Answer):
        return [reply] * count
    return read(reply.status_code, reply.content, reply.headers, count, datetime.now(UTC))


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
    (answer,) = read(reply.status_code, reply.content, reply.headers, 1, datetime.now(UTC))
    if reply.status_code in _NONE and answer.status:
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
        return unanswered(error, sent=False)
    except (httpx.HTTPError, TimeoutError) as error:
        return unanswered(error, sent=True)
