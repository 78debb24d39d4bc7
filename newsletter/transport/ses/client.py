"""Amazon SES as a transport: a signed request for each message, over connections that stay open.

SES has no idempotency keys, so a message whose answer was lost is unknown.
"""

import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self

import httpcore

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message
from newsletter.transport.ses.api import of_the_reader, read, refuse, request, unavailable
from newsletter.transport.ses.signature import Keys, signed
from newsletter.transport.web_answer import Answer, Meaning, unanswered
from newsletter.transport.web_api import OneByOne

_KEPT = 4  # seconds that a connection may idle: a server that closes one at the same moment loses an answer
_SEND, _ACCOUNT = "/v2/email/outbound-emails", "/v2/email/account"


class Ses(OneByOne["Api"]):
    """Amazon SES at `host`; `timeout` in seconds."""

    name = "ses"

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
        super().__init__(host, unavailable)
        self.connections = connections
        self._set = configuration_set
        self._at = keys, host, region, timeout

    def _open(self) -> "Api":
        return Api(*self._at)

    async def check(self) -> None:
        """Ask for the state of the account. Raises TransportUnavailable when it may not send mail.

        Once it has succeeded, a failure before it counts no more.
        """
        async with self._open() as api:
            usable(await api.get(_ACCOUNT), self._host)
        self._works()

    async def _ask_one(self, session: "Api", message: Message) -> Answer:
        body = request(message, self._set)
        return refuse(body) or await session.post(_SEND, body)

    def _doubtful(self, answer: Answer) -> bool:
        everybody = answer.meaning is Meaning.REFUSED and not of_the_reader(answer)
        return everybody or super()._doubtful(answer)


def usable(answer: Answer, host: str) -> Mapping[str, Any]:
    """Return what SES says of the account. Raises TransportUnavailable when it may not send."""
    found = answer.document or {}
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
            return unanswered(error, sent=written)
        given = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in response.headers}
        return read(response.status, response.content, given, datetime.now(UTC))


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # 20 ms, so not for every connection
