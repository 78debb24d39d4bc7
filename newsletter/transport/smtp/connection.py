"""An SMTP connection after its handshake: read complete replies in order, and write raw commands."""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

import aiosmtplib

from newsletter.transport.smtp_replies import Reply, parse

_BUFFER = 16 * 1024  # bytes, reused: asyncio allocates 256 kB for every read, which is slow

_LARGE = 64 * 1024  # bytes of a piece, such as a message's pictures, that are not worth joining to others


class ConnectionLost(Exception):  # noqa: N818  always caught inside this package
    """The connection was closed, or no reply came in time."""


class Connection(asyncio.BufferedProtocol):
    """The connection; `extensions` are EHLO's keywords in lower case, `timeout` is in seconds."""

    def __init__(self, transport: asyncio.Transport, extensions: dict[str, str], timeout: float) -> None:
        self._transport = transport
        self._timeout = timeout
        self._buffer = memoryview(bytearray(_BUFFER))
        self._rest = b""
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0  # for the awaited reply, by the event loop's clock
        self._timer: asyncio.TimerHandle | None = None
        self._lost = False
        self._closed = asyncio.Event()
        self.extensions = extensions

    @classmethod
    def take_over(cls, client: aiosmtplib.SMTP, timeout: float) -> "Connection":
        """Take over the connection after aiosmtplib's handshake. Raises ConnectionResetError if closed."""
        transport = client.transport
        if not isinstance(transport, asyncio.Transport):
            raise ConnectionResetError("closed after the greeting")
        connection = cls(transport, dict(client.esmtp_extensions), timeout)
        transport.set_protocol(connection)
        return connection

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  the protocol's signature
        """Return the buffer for incoming data."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Split incoming data into lines, and assemble the lines into replies."""
        *lines, self._rest = (self._rest + self._buffer[:nbytes]).split(b"\n")
        for line in lines:
            self._lines.append(line)
            if line[3:4] != b"-":
                self._replies.append(parse(*self._lines))
                self._lines = []
        self._wake()

    def eof_received(self) -> None:
        """Close the transport: a relay that has stopped sending will not reply any more."""

    def connection_lost(self, _error: Exception | None) -> None:
        """Record the loss and wake up the waiting coroutine."""
        self._lost = True
        self._closed.set()
        if self._timer:
            self._timer.cancel()
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def write(self, data: bytes) -> None:
        """Send `data`. Raises ConnectionLost when the connection is closed."""
        if self._lost or self._transport.is_closing():
            raise ConnectionLost
        self._transport.write(data)

    def write_pieces(self, pieces: Iterable[bytes]) -> None:
        """Send `pieces`, small ones joined, large ones without a copy. Raises ConnectionLost."""
        small: list[bytes] = []
        for piece in pieces:
            if len(piece) < _LARGE:
                small.append(piece)
                continue
            self.write(b"".join(small))
            small = []
            self.write(piece)
        self.write(b"".join(small))

    @property
    def unread(self) -> bool:
        """True when there is a reply that nobody has waited for yet."""
        return bool(self._replies)

    async def reply(self, patience: int = 1) -> Reply:
        """Return the next reply. Raises ConnectionLost when none comes within `patience` timeouts."""
        while not self._replies:
            if self._lost:
                raise ConnectionLost
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            self._expect_by(loop.time() + self._timeout * patience)
            await self._waiter
        return self._replies.popleft()

    def _expect_by(self, deadline: float) -> None:
        """Set the deadline; a timer left from an earlier reply re-arms itself when it fires too early.

        An `asyncio.timeout` for every reply would cost as much as copying the message to the socket.
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
        """Drop the connection, and with it all data that the relay has not yet received."""
        self._lost = True
        self._transport.abort()
        await self._closed.wait()

    async def quit(self) -> None:
        """Send QUIT and close; the relay's reply no longer matters (RFC 5321 §4.1.1.10)."""
        with suppress(ConnectionLost):
            self.write(b"QUIT\r\n")
            await self.reply()
        self._transport.close()
        await self._closed.wait()
