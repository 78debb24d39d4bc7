"""A mail relay for tests: a real SMTP server on loopback that misbehaves when told to."""

import asyncio
import ssl
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HANG, DROP = "hang", "drop"
"""Answers that are none: keep silent, or close the connection without a word."""
TWICE, SKIP = "twice ", "skip"
"""Lies about the count of replies: the reply that follows comes twice, or none comes and all else goes on."""


@dataclass
class Relay:
    """What the relay offers, what it answers, and what it has taken.

    `answer(verb, recipient)` may return a reply, HANG, DROP or a lie instead of the usual reply to MAIL,
    RCPT, DATA, BDAT (whose body is then read as commands) or `.`, the end of a body; a message counts as
    accepted when it had a 250 on its end, even one that never arrived.
    """

    pipelining: bool = True
    chunking: bool = False
    size: int = 0
    login: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    answer: Callable[[str, str], str | None] = lambda _verb, _recipient: None
    per_connection: int = 0
    port: int = 0
    accepted: list[tuple[str, str, bytes]] = field(default_factory=list)
    connections: int = 0
    verbs: list[str] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """The recipients of every accepted message, in order."""
        return [recipient for _, recipient, _ in self.accepted]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak SMTP on one connection until it ends."""
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await _Conversation(self, reader, writer).run()
        finally:
            writer.transport.abort()


class _Conversation:
    def __init__(self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._relay, self._reader, self._writer = relay, reader, writer
        self._sender = self._recipient = ""
        self._taken = 0
        self._spoiled = False  # by a BDAT that failed, until RSET or EHLO (RFC 3030 §2)
        self._logged_in = relay.login is None

    async def _say(self, *lines: str) -> None:
        for line in lines[:-1]:
            self._writer.write(f"{line[:3]}-{line[4:]}\r\n".encode())
        self._writer.write(f"{lines[-1]}\r\n".encode())
        await self._writer.drain()

    async def run(self) -> None:
        await self._say("220 relay.test ESMTP")
        while line := await self._reader.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            self._relay.verbs.append(verb.upper())
            if not await self._command(verb.upper(), rest):
                return

    async def _command(self, verb: str, rest: str) -> bool:
        if verb == "EHLO":
            self._reset()
            await self._say(*self._greeting())
        elif verb == "STARTTLS" and self._relay.tls:
            await self._say("220 go ahead")
            await self._writer.start_tls(self._relay.tls)
        elif verb == "AUTH":
            return await self._auth(rest)
        elif verb in ("MAIL", "RCPT", "DATA"):
            return await self._transaction(verb, rest)
        elif verb == "BDAT" and self._relay.chunking:
            return await self._chunk(int(rest.split(maxsplit=1)[0]))
        elif verb == "RSET":
            self._reset()
            await self._say("250 forgotten")
        elif verb == "QUIT":
            await self._say("221 bye")
            return False
        else:
            await self._say("502 what?")
        return True

    def _reset(self) -> None:
        self._sender = self._recipient = ""
        self._spoiled = False

    def _greeting(self) -> list[str]:
        lines = ["250 relay.test"]
        if self._relay.pipelining:
            lines.append("250 PIPELINING")
        if self._relay.chunking:
            lines.append("250 CHUNKING")
        if self._relay.size:
            lines.append(f"250 SIZE {self._relay.size}")
        if self._relay.tls and not self._writer.get_extra_info("ssl_object"):
            lines.append("250 STARTTLS")
        if self._relay.login:
            lines.append("250 AUTH PLAIN XOAUTH2")
        return lines

    async def _auth(self, rest: str) -> bool:
        method, _, given = rest.partition(" ")
        said = b64decode(given).decode()
        if method == "XOAUTH2":
            user, password = said.removeprefix("user=").rstrip("\x01").split("\x01auth=Bearer ")
        else:
            _, user, password = said.split("\0")
        self._logged_in = (user, password) == self._relay.login
        await self._say("235 welcome" if self._logged_in else "535 5.7.8 wrong user or password")
        return True

    async def _transaction(self, verb: str, rest: str) -> bool:
        address = rest[rest.find("<") + 1 : rest.rfind(">")] if "<" in rest else ""
        told = self._relay.answer(verb, address or self._recipient)
        if told is None and not self._logged_in:
            told = "530 5.7.0 log in first"
        if told is None and verb == "MAIL" and self._relay.per_connection == self._taken > 0:
            told = DROP
        if told:
            return await self._answer(told)
        if self._spoiled:
            await self._say("503 5.5.1 RSET first")
            return True
        if verb == "MAIL":
            self._sender = address
        elif verb == "RCPT" and not self._sender:
            await self._say("503 5.5.1 MAIL first")
            return True
        elif verb == "RCPT":
            self._recipient = address
        elif not self._recipient:
            await self._say("554 5.5.1 no valid recipients")
            return True
        else:
            await self._say("354 go on")
            return await self._body()
        await self._say("250 fine")
        return True

    async def _body(self) -> bool:
        lines = []
        while (line := await self._reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line)
        return await self._taken_in(b"".join(lines))

    async def _chunk(self, length: int) -> bool:
        if told := self._relay.answer("BDAT", self._recipient):
            return await self._answer(told)
        content = await self._reader.readexactly(length)
        if self._recipient and not self._spoiled:
            return await self._taken_in(content)
        self._spoiled = True
        await self._say("503 5.5.1 no valid recipients")
        return True

    async def _taken_in(self, content: bytes) -> bool:
        """Take a message whose body has ended, or not."""
        told = self._relay.answer(".", self._recipient)
        if told is None or told.removeprefix(TWICE).startswith(("250", SKIP, "hang after", "drop after")):
            self._relay.accepted.append((self._sender, self._recipient, content))
        if told is None or told.startswith("250"):
            self._taken += 1
        self._sender = self._recipient = ""
        return await self._answer(told or "250 2.0.0 queued")

    async def _answer(self, told: str) -> bool:
        if told.startswith(HANG):
            await self._reader.read()  # to the end: what was sent ahead is no end
            return False
        if told.startswith(DROP):
            return False
        for _ in range(0 if told == SKIP else 1 + told.startswith(TWICE)):
            await self._say(*told.removeprefix(TWICE).splitlines())
        if told.startswith("421"):
            self._writer.write_eof()
            await self._reader.read()  # else what was sent ahead makes the system drop the reply
            return False
        return True


@contextmanager
def running(relay: Relay) -> Iterator[Relay]:
    """Run `relay` in a thread of its own, on a free port of loopback."""
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(relay.serve, "127.0.0.1", relay.port)
        relay.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.sleep(0.01)  # for what was aborted to be closed

    def work() -> None:
        try:
            loop.run_until_complete(serve())
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
