"""SMTP transport: one recipient per transaction, pipelined commands (RFC 2920), long-lived connections.

aiosmtplib does the handshake (TLS, EHLO, AUTH); the sending loop is our own because it takes a seventh of the
CPU time: by BDAT where the relay offers that, else by DATA.
"""

import asyncio
import socket
import ssl
from collections import deque
from dataclasses import dataclass, field
from functools import cache

import aiosmtplib

from newsletter import errors
from newsletter.errors import TransportUnavailable
from newsletter.model import Message
from newsletter.ports import Outgoing
from newsletter.transport.smtp.bdat import BdatSession, Chunking, offered
from newsletter.transport.smtp.connection import Connection
from newsletter.transport.smtp.data import DataSession
from newsletter.transport.smtp.session import Session

_PATIENCE = (0.5, 1, 2, 4, 8)  # seconds of backoff between attempts to reconnect to the relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """An SMTP relay; `security` is none, starttls or tls, and certificates are always verified.

    With a `token` it logs in by XOAUTH2 instead of a password. `per_connection` is the most messages per
    connection, 0 for no limit; `window` is the most on the wire of each connection; `timeout` is in seconds.
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""
    token: str = ""
    connections: int = 10
    per_connection: int = 0
    window: int = 4
    timeout: float = 60
    tls: ssl.SSLContext | None = None
    name: str = "smtp"
    repeatable: bool = False
    chunking: Chunking = field(default_factory=Chunking)

    async def check(self) -> None:
        """Connect and log in once, as a test. Raises TransportUnavailable."""
        connection = await self._connect()
        await connection.quit()

    async def drain(self, outgoing: Outgoing) -> None:
        """Send all messages of `outgoing`; reconnect when the relay closes. Raises TransportUnavailable."""
        taken = deque[Message]()
        failures = 0
        while True:
            if not taken:
                message = await outgoing.next()
                if message is None:
                    return
                taken.append(message)
            try:
                connection = await self._connect()
            except TransportUnavailable:
                if failures == len(_PATIENCE):
                    raise
                await asyncio.sleep(_PATIENCE[failures])
                failures += 1
                continue
            session = self._session(connection, outgoing, taken)
            taken = await session.run()
            if session.stopped:
                return
            failures = 0 if session.answered else failures + 1
            if taken and failures > len(_PATIENCE):
                raise TransportUnavailable(
                    errors.Message(
                        "%(where)s closes every connection before taking a message: %(farewell)s",
                        where=self._where,
                        farewell=session.farewell,
                    ),
                    "Look into the relay's log, then run this again: it goes on where it stopped.",
                )

    def _session(self, connection: Connection, outgoing: Outgoing, taken: deque[Message]) -> Session:
        if self.chunking.trusted and offered(connection):
            return BdatSession(
                connection, outgoing, taken, self.per_connection, self.window, self.chunking, _own_name()
            )
        return DataSession(connection, outgoing, taken, self.per_connection, self.window)

    @property
    def _where(self) -> str:
        return f"{self.host}:{self.port}"

    async def _connect(self) -> Connection:
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            timeout=self.timeout,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=self.tls or (ssl.create_default_context() if self.security != "none" else None),
            local_hostname=_own_name(),
            username=self.user or None,
            password=self.password or None,
            oauth_token_generator=self._give_token if self.token else None,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                try:
                    await client.ehlo()
                except aiosmtplib.SMTPHeloError:
                    await client.helo()
            return Connection.take_over(client, self.timeout)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise self._unavailable(error) from None

    async def _give_token(self) -> str:
        return self.token

    def _unavailable(self, error: Exception) -> TransportUnavailable:
        cause = (
            error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) and error.__cause__ else error
        )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TransportUnavailable(
                errors.Message(
                    "the certificate of %(where)s cannot be trusted: %(why)s",
                    where=self._where,
                    why=cause.verify_message,
                ),
                "Set smtp.host to the name the certificate is for, or install its issuer on this machine.",
            )
        if isinstance(cause, aiosmtplib.SMTPAuthenticationError):
            return TransportUnavailable(
                errors.Message(
                    "%(where)s refused the login of %(user)s: %(code)s %(what)s",
                    where=self._where,
                    user=self.user,
                    code=cause.code,
                    what=cause.message,
                ),
                "Check smtp.user in newsletter.yaml, and NEWSLETTER_SMTP_PASSWORD or NEWSLETTER_SMTP_TOKEN.",
            )
        if type(cause) is aiosmtplib.SMTPException:  # raised when EHLO lists no STARTTLS or AUTH
            return TransportUnavailable(
                errors.Message(
                    "%(where)s does not offer what smtp.security or smtp.user need: %(cause)s",
                    where=self._where,
                    cause=cause,
                ),
                "Set smtp.security to tls (usually port 465) or none, or leave smtp.user empty.",
            )
        return TransportUnavailable(
            errors.Message(
                "%(where)s cannot be used: %(cause)s",
                where=self._where,
                cause=str(cause) or type(cause).__name__,
            ),
            "Check smtp.host, smtp.port and smtp.security in newsletter.yaml, and that the relay runs.",
        )


@cache
def _own_name() -> str:
    """Return this machine's name for EHLO; cached, because a dead name server makes the lookup slow."""
    return socket.getfqdn()
