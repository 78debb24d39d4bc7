"""A connected SMTP stream: whole replies in order, writes as they are given."""

import asyncio
from collections import deque
from contextlib import suppress

import aiosmtplib

from newsletter.transport.smtp_replies import Reply, parse

_BUFFER = 16 * 1024  # of our own: asyncio allocates 256 kB for every read, which is slow


class ConnectionLost(Exception):  # noqa: N818  a fact about the stream, caught where it is used
    """The stream ended, or no answer came in time."""


class Connection(asyncio.BufferedProtocol):
    """The stream after the handshake. `extensions` are EHLO's keywords in small letters."""

    def __init__(self, transport: asyncio.Transport, extensions: dict[str, str], timeout: float) -> None:
        self._transport = transport
        self._timeout = timeout
        self._buffer = memoryview(bytearray(_BUFFER))
        self._rest = b""
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0  # of the answer that is waited for, by the loop's clock
        self._timer: asyncio.TimerHandle | None = None
        self._lost = False
        self._closed = asyncio.Event()
        self.extensions = extensions

    @classmethod
    def take_over(cls, client: aiosmtplib.SMTP, timeout: float) -> "Connection":
        """Go on where aiosmtplib has finished its handshake. Raises ConnectionResetError."""
        transport = client.transport
        if not isinstance(transport, asyncio.Transport):
            raise ConnectionResetError("closed after the greeting")
        connection = cls(transport, dict(client.esmtp_extensions), timeout)
        transport.set_protocol(connection)
        return connection

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  the protocol's signature
        """Return where to put what comes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Cut what came into lines, and lines into replies."""
        *lines, self._rest = (self._rest + self._buffer[:nbytes]).split(b"\n")
        for line in lines:
            self._lines.append(line)
            if line[3:4] != b"-":
                self._replies.append(parse(*self._lines))
                self._lines = []
        self._wake()

    def eof_received(self) -> None:
        """Close: a relay that says no more answers no more."""

    def connection_lost(self, _error: Exception | None) -> None:
        """Remember it for whoever waits."""
        self._lost = True
        self._closed.set()
        if self._timer:
            self._timer.cancel()
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def write(self, data: bytes) -> None:
        """Send `data`. Raises ConnectionLost."""
        if self._lost or self._transport.is_closing():
            raise ConnectionLost
        self._transport.write(data)

    async def reply(self, patience: int = 1) -> Reply:
        """Return the next reply. Raises ConnectionLost when none comes within `patience` time-outs."""
        while not self._replies:
            if self._lost:
                raise ConnectionLost
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            self._expect_by(loop.time() + self._timeout * patience)
            await self._waiter
        return self._replies.popleft()

    def _expect_by(self, deadline: float) -> None:
        """Set the deadline; the timer of an earlier answer is left to find that it was moved.

        One `asyncio.timeout` for every answer would cost as much as the message's copy to the socket.
        """
        self._deadline = deadline
        if self._timer and self._timer.when() <= deadline:
            return
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._waiter or self._waiter.done():
            return
        if self._deadline > asyncio.get_running_loop().time():
            self._expect_by(self._deadline)
        else:
            self._lost = True
            self._transport.abort()
            self._wake()

    async def abort(self) -> None:
        """Drop the stream, and with it whatever the relay has not yet taken."""
        self._lost = True
        self._transport.abort()
        await self._closed.wait()

    async def quit(self) -> None:
        """Say goodbye; what the relay answers no longer matters (RFC 5321 §4.1.1.10)."""
        with suppress(ConnectionLost):
            self.write(b"QUIT\r\n")
            await self.reply()
        self._transport.close()
        await self._closed.wait()
