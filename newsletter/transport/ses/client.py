"""Amazon SES as a transport: a signed request for each message, over connections that stay open.

SES has no idempotency keys, so a message whose answer was lost is unknown.
"""

import asyncio
import json
import random
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self

import httpcore

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.transport.ses.api import OUTCOMES, Answer, Meaning, read, refuse, request, unavailable
from newsletter.transport.ses.signature import Keys, signed

_PATIENCE = (0.5, 1, 2, 4, 8)  # seconds of backoff between attempts
_JITTER = 1.0  # most seconds of jitter, so that connections throttled together do not collide
_IN_A_ROW = 3  # answers lost, or refusals that may concern everybody, after which sending stops
_KEPT = 4  # seconds that a connection may idle: a server that closes one at the same moment loses an answer
_SEND, _ACCOUNT = "/v2/email/outbound-emails", "/v2/email/account"


class Ses:
    """Amazon SES at `host`; `timeout` in seconds.

    Once it has become unavailable it stays so until `check` succeeds: a further `drain` sends nothing.
    """

    name = "ses"
    repeatable = False

    def __init__(  # noqa: PLR0913  an account, and how it is used
        self,
        *,
        keys: Keys,
        host: str,
        region: str,
        configuration_set: str = "",
        connections: int = 10,
        timeout: float = 30,
    ) -> None:
        self.connections = connections
        self._host = host
        self._set = configuration_set
        self._at = keys, host, region, timeout
        self._failure: TransportUnavailable | None = None
        self._lost = self._refused = 0

    async def check(self) -> None:
        """Ask for the state of the account. Raises TransportUnavailable when it may not send mail.

        Once it has succeeded, a failure before it counts no more.
        """
        async with Api(*self._at) as api:
            usable(await api.get(_ACCOUNT), self._host)
        self._failure, self._lost, self._refused = None, 0, 0

    async def drain(self, outgoing: Outgoing) -> None:
        """Send all messages of `outgoing` over one connection. Raises TransportUnavailable."""
        async with Api(*self._at) as api:
            while not self._failure and (message := await outgoing.next()):
                if not await self._send(api, message, outgoing):
                    return
        if self._failure:
            raise self._failure

    async def _send(self, api: "Api", message: Message, outgoing: Outgoing) -> bool:
        """Send one message; between attempts it does not count as on the wire. Return False to stop."""
        answer, body = Answer(meaning=Meaning.LATER), request(message, self._set)
        for pause in (None, *_PATIENCE):
            if pause is not None:
                outgoing.withdraw(message)
                await asyncio.sleep(answer.wait(pause) + random.uniform(0, _JITTER))  # noqa: S311  no secret
            if self._failure:
                break
            [verdict] = await outgoing.begin([message])
            if verdict is not Verdict.GO:
                return verdict is not Verdict.STOP
            answer = refuse(body) or await api.post(_SEND, body)
            if answer.meaning is not Meaning.LATER:
                break
        self._learn(answer)
        if outcome := OUTCOMES.get(answer.meaning):
            outgoing.finish(message, Receipt(outcome=outcome, code=answer.status, detail=answer.text))
        else:
            outgoing.put_back(message)
        return True

    def _learn(self, answer: Answer) -> None:
        """Record a failure when `answer` shows that sending should stop."""
        everybody = answer.meaning is Meaning.REFUSED and not answer.of_the_reader
        self._lost = self._lost + 1 if answer.meaning is Meaning.LOST else 0
        self._refused = self._refused + 1 if everybody else 0
        if answer.meaning in {Meaning.LATER, Meaning.STOP} or _IN_A_ROW in {self._lost, self._refused}:
            self._failure = self._failure or unavailable(answer, self._host)


def usable(answer: Answer, host: str) -> Mapping[str, Any]:
    """Return what SES says of the account. Raises TransportUnavailable when it may not send."""
    found = answer.content or {}
    if answer.status != 200:  # noqa: PLR2004  OK
        raise unavailable(answer, host)
    if "SendingEnabled" not in found:
        raise TransportUnavailable(
            errors.Message("%(host)s does not answer like Amazon SES", host=host),
            "Check ses.region and ses.host in newsletter.yaml.",
        )
    if not found["SendingEnabled"] or found.get("EnforcementStatus") == "SHUTDOWN":
        said = str(found.get("EnforcementStatus", ""))
        raise unavailable(Answer(meaning=Meaning.STOP, kind="SendingPausedException", text=said), host)
    return found


class Api:
    """Signed calls over one connection; open it by `async with`."""

    def __init__(self, keys: Keys, host: str, region: str, timeout: float = 30) -> None:
        self._keys, self._host, self._region = keys, host.rstrip("/"), region
        self._timeouts = dict.fromkeys(("connect", "read", "write", "pool"), timeout)

    async def __aenter__(self) -> Self:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(), max_connections=1, keepalive_expiry=_KEPT
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._pool.aclose()

    async def get(self, path: str) -> Answer:
        """Ask for what is at `path`."""
        return await self._call("GET", path, b"")

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Post `body` as JSON."""
        return await self._call("POST", path, json.dumps(body).encode())

    async def _call(self, method: str, path: str, body: bytes) -> Answer:
        """Return the answer: LATER when the request was not written to its end, LOST when none came after."""
        headers = signed(
            self._keys,
            method,
            self._host + path,
            {"content-type": "application/json"} if body else {},
            body,
            region=self._region,
            service="ses",
            now=datetime.now(UTC),
        )
        written = False

        async def notice(event: str, _info: object) -> None:
            nonlocal written
            written = written or event == "http11.send_request_body.complete"

        try:
            response = await self._pool.request(
                method,
                self._host + path,
                headers=list({**headers, "content-length": str(len(body))}.items()),
                content=body,
                extensions={"timeout": self._timeouts, "trace": notice},
            )
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return Answer(
                meaning=Meaning.LOST if written else Meaning.LATER, text=str(error) or type(error).__name__
            )
        given = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in response.headers}
        return read(response.status, response.content, given)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # 20 ms, so not for every connection
