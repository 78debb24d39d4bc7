"""SMTP transport: one recipient per transaction, pipelined commands (RFC 2920), long-lived connections.

aiosmtplib does the handshake (TLS, EHLO, AUTH); the sending loop is our own because it takes a seventh of the
CPU time: a message's body and the next message's MAIL, RCPT and DATA are sent in one write.
"""

import asyncio
import socket
import ssl
import sys
from dataclasses import dataclass
from functools import cache

import aiosmtplib

from newsletter.errors import TransportUnavailable
from newsletter.model import Message, Outcome, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.transport.smtp.connection import Connection, ConnectionLost
from newsletter.transport.smtp_replies import Reply, receipt

_PATIENCE = (0.5, 1, 2, 4, 8)  # seconds of backoff between attempts to reconnect to the relay
_DATA_GO_AHEAD = 354
_CLOSING = 421  # may answer any command (RFC 5321 §3.8)
_FINAL = 10  # timeouts to wait for the reply to a body: ten minutes by default (RFC 5321 §4.5.3.2.6)
_UNSURE = "the connection was lost after the message was sent and before its answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """An SMTP relay; `security` is none, starttls or tls, and certificates are always verified.

    With a `token` it logs in by XOAUTH2 instead of a password. `per_connection` is the most messages per
    connection, 0 for no limit; `timeout` is in seconds.
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""
    token: str = ""
    connections: int = 10
    per_connection: int = 0
    timeout: float = 60
    tls: ssl.SSLContext | None = None
    name: str = "smtp"
    repeatable: bool = False

    async def check(self) -> None:
        """Connect and log in once, as a test. Raises TransportUnavailable."""
        connection = await self._connect()
        await connection.quit()

    async def drain(self, outgoing: Outgoing) -> None:
        """Send all messages of `outgoing`; reconnect when the relay closes. Raises TransportUnavailable."""
        message = await outgoing.next()
        failures = 0
        while message:
            try:
                connection = await self._connect()
            except TransportUnavailable:
                if failures == len(_PATIENCE):
                    raise
                await asyncio.sleep(_PATIENCE[failures])
                failures += 1
                continue
            session = _Session(connection, outgoing, message, self.per_connection)
            message = await session.run()
            failures = 0 if session.answered else failures + 1
            if message and failures > len(_PATIENCE):
                raise TransportUnavailable(
                    f"{self._where} closes every connection before taking a message: {session.farewell}",
                    "Look into the relay's log, then run this again: it goes on where it stopped.",
                )

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
                f"the certificate of {self._where} cannot be trusted: {cause.verify_message}",
                "Set smtp.host to the name the certificate is for, or install its issuer on this machine.",
            )
        if isinstance(cause, aiosmtplib.SMTPAuthenticationError):
            return TransportUnavailable(
                f"{self._where} refused the login of {self.user}: {cause.code} {cause.message}",
                "Check smtp.user in newsletter.yaml, and NEWSLETTER_SMTP_PASSWORD or NEWSLETTER_SMTP_TOKEN.",
            )
        if type(cause) is aiosmtplib.SMTPException:  # raised when EHLO lists no STARTTLS or AUTH
            return TransportUnavailable(
                f"{self._where} does not offer what smtp.security or smtp.user need: {cause}",
                "Set smtp.security to tls (usually port 465) or none, or leave smtp.user empty.",
            )
        return TransportUnavailable(
            f"{self._where} cannot be used: {str(cause) or type(cause).__name__}",
            "Check smtp.host, smtp.port and smtp.security in newsletter.yaml, and that the relay runs.",
        )


@cache
def _own_name() -> str:
    """Return this machine's name for EHLO; cached, because a dead name server makes the lookup slow."""
    return socket.getfqdn()


class _Session:
    """One connection's session: send messages until there are no more, or the connection is lost."""

    def __init__(self, connection: Connection, outgoing: Outgoing, message: Message, limit: int) -> None:
        self._connection = connection
        self._outgoing = outgoing
        self._message: Message | None = message
        self._pipelining = "pipelining" in connection.extensions
        self._opened = False  # whether the current message's MAIL, RCPT and DATA are written
        self._left = limit or sys.maxsize
        size = connection.extensions.get("size", "")
        self._largest = int(size) if size.isdigit() else 0  # most bytes of a message; 0: no limit (RFC 1870)
        self.answered = False
        self.farewell = "it said nothing"

    async def run(self) -> Message | None:
        """Send until there are no messages left; return the one not begun when the connection ended."""
        try:
            while self._message and self._left:
                await self._one(self._message)
            await self._connection.quit()
        except ConnectionLost:
            pass
        finally:
            await self._connection.abort()
        return self._message

    async def _one(self, message: Message) -> None:
        if not self._opened and (fault := self._unfit(message)):
            self._outgoing.finish(message, fault)
            await self._advance()
            return
        refusal = await self._envelope(message)
        self.answered = True
        if refusal:
            self._outgoing.finish(message, receipt(refusal))
            await self._advance()
            return
        verdict = await self._outgoing.begin(message)
        if verdict is not Verdict.GO:
            # DATA is open, and even a lone dot would deliver an empty message: drop the connection.
            self._message = None if verdict is Verdict.STOP else await self._outgoing.next()
            raise ConnectionLost
        await self._body(message)

    async def _body(self, message: Message) -> None:
        following = self._message = self._outgoing.ready()
        self._left -= 1
        pipelining = self._pipelining and self._left
        ahead = _envelope(following) if following and pipelining and not self._unfit(following) else b""
        try:
            self._connection.write_pieces((*message.pieces, b".\r\n" + ahead))
            answer = await self._connection.reply(patience=_FINAL)
        except ConnectionLost:
            self._outgoing.finish(message, Receipt(outcome=Outcome.UNKNOWN, detail=_UNSURE))
            raise
        self._opened = bool(ahead)
        self._outgoing.finish(message, receipt(answer))
        if following is None:
            self._message = await self._outgoing.next()

    async def _advance(self) -> None:
        self._message = await self._outgoing.next()
        self._opened = False

    async def _envelope(self, message: Message) -> Reply | None:
        """Send MAIL, RCPT and DATA and await the go-ahead; return the refusing reply, if any."""
        if not self._pipelining:
            return await self._envelope_in_steps(message)
        if not self._opened:
            self._connection.write(_envelope(message))
        mail, rcpt, data = [await self._reply() for _ in range(3)]
        refusal = next((reply for reply in (mail, rcpt) if not reply.ok), None)
        if refusal is None and data.code != _DATA_GO_AHEAD:
            refusal = data
        if refusal:
            if data.code == _DATA_GO_AHEAD:  # RFC 2920 §3.1: no recipient accepted, so end DATA empty
                self._connection.write(b".\r\n")
                await self._connection.reply()
            self._connection.write(b"RSET\r\n")
            await self._connection.reply()
        return refusal

    async def _envelope_in_steps(self, message: Message) -> Reply | None:
        for line in _envelope(message).splitlines(keepends=True):
            self._connection.write(line)
            answer = await self._reply()
            if not answer.ok and answer.code != _DATA_GO_AHEAD:
                self._connection.write(b"RSET\r\n")
                await self._connection.reply()
                return answer
        return None

    async def _reply(self) -> Reply:
        """Return a reply to an envelope command. Raises ConnectionLost for 421, which concerns no message."""
        reply = await self._connection.reply()
        if reply.code == _CLOSING:
            self.farewell = str(reply)
            raise ConnectionLost
        return reply

    def _unfit(self, message: Message) -> Receipt | None:
        """Return a refusal for a message that this relay has announced it cannot accept, else None."""
        if 0 < self._largest < message.size:
            detail = f"the message has {message.size} bytes, the relay takes {self._largest}"
            return Receipt(outcome=Outcome.REFUSED, code=552, detail=detail)
        if not message.rcpt_to.isprintable():
            return Receipt(outcome=Outcome.REFUSED, code=553, detail="the address holds control characters")
        if not message.rcpt_to.isascii() and "smtputf8" not in self._connection.extensions:
            detail = "the relay takes no addresses outside ASCII (RFC 6531)"
            return Receipt(outcome=Outcome.REFUSED, code=553, detail=detail)
        return None


def _envelope(message: Message) -> bytes:
    option = "" if message.rcpt_to.isascii() else " SMTPUTF8"
    return f"MAIL FROM:<{message.mail_from}>{option}\r\nRCPT TO:<{message.rcpt_to}>\r\nDATA\r\n".encode()
