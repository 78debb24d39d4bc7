"""Send by BDAT: a window of whole transactions in one go, their replies matched in order (RFC 3030, 2920).

A body announces its length, so nothing waits for a go-ahead, and a refused recipient costs only the bytes
that are sent in vain. A connection's first transaction goes alone, with an EHLO behind it: the answer to EHLO
cannot be mistaken for another, so it proves that the relay counts its replies.
"""

import logging
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import NoReturn

from newsletter.model import Message, Receipt
from newsletter.ports import Outgoing
from newsletter.transport.smtp.connection import Connection, ConnectionLost
from newsletter.transport.smtp.session import CLOSING, FINAL, Session, envelope, unsure
from newsletter.transport.smtp_replies import Reply, receipt

_log = logging.getLogger(__name__)
_NO_SUCH_COMMAND = (500, 501, 502, 503, 504)  # about the command and not the message (RFC 5321 §4.2.3)
_CUT = "it ended a connection before it had answered everything"
_MISMATCH = "the relay's replies do not match the commands it got"


@dataclass(slots=True)
class Chunking:
    """Whether all connections of a run may use BDAT where the relay offers it."""

    trusted: bool = True

    def distrust(self, reason: str) -> None:
        """Send by DATA from now on."""
        if self.trusted:
            _log.warning("the relay offers CHUNKING, but %s: messages go by DATA from now on", reason)
        self.trusted = False


def offered(connection: Connection) -> bool:
    """Return whether the relay takes whole transactions by BDAT without waiting for replies."""
    return {"chunking", "pipelining"} <= connection.extensions.keys()


class BdatSession(Session):
    """A session by BDAT, which ends when the relay is not trusted any more; `name` is ours, for EHLO."""

    def __init__(  # noqa: PLR0913, PLR0917  what a session takes, and two of its own
        self,
        connection: Connection,
        outgoing: Outgoing,
        taken: deque[Message],
        limit: int,
        window: int,
        chunking: Chunking,
        name: str,
    ) -> None:
        super().__init__(connection, outgoing, taken, limit, window)
        self._chunking = chunking
        self._name = name
        self._proven = False
        self._sent = deque[Message]()  # completely written, and not answered
        self._written = 0.0  # when the last window was
        self._round_trip = 0.0  # seconds from then to its first reply

    def _goes_on(self) -> bool:
        return super()._goes_on() and self._chunking.trusted

    async def _send_some(self) -> None:
        if self._proven:
            await self._begin(self._outgoing.commit_seconds + self._round_trip)
        else:
            await self._begin(0, most=1)
        if self._begun and self._connection.unread:
            await self._spoken_to()
        try:
            self._write()
            while self._sent:
                await self._answer()
        except ConnectionLost:
            if self._sent:
                self._chunking.distrust(_CUT)
            for message in self._sent:
                self._outgoing.finish(message, unsure())
            raise

    async def _spoken_to(self) -> None:
        """Drop the connection with nothing sent: the relay closes it, or says what nobody asked."""
        reply = await self._connection.reply()
        self.farewell = str(reply)
        if reply.code != CLOSING:
            self._chunking.distrust(f"it gives more replies than it gets commands ({reply})")
        raise ConnectionLost

    def _write(self) -> None:
        """Write the messages begun, and after each a reset of its transaction, which EHLO is too."""
        reset = b"RSET\r\n" if self._proven else f"EHLO {self._name}\r\n".encode()
        self._written = monotonic()
        while self._begun:
            message = self._begun[0]
            commands = envelope(message) + b"BDAT %d LAST\r\n" % message.size
            self._connection.write_pieces((commands, *message.pieces, reset))
            self._sent.append(self._begun.popleft())
            self._left -= 1

    async def _answer(self) -> None:
        """Await the answers to the first message sent, and report its outcome."""
        refusal: Reply | None = None
        try:
            for _ in ("MAIL", "RCPT"):
                reply = await self._connection.reply(patience=FINAL)
                if self._written:
                    self._round_trip, self._written = monotonic() - self._written, 0.0
                if reply.code == CLOSING:
                    await self._closed_after(reply)
                refusal = refusal or (None if reply.ok else reply)
            answer = await self._connection.reply(patience=FINAL)
        except ConnectionLost:
            if refusal and self._sent:
                self._finish(receipt(refusal))
            raise
        if not (self._proven or refusal) and answer.code in _NO_SUCH_COMMAND:
            # It reads the body as commands. None of its lines is a lone dot, so they deliver nothing.
            self._chunking.distrust(f"it answers BDAT with {answer}")
            self._begun.appendleft(self._sent.popleft())
            raise ConnectionLost
        await self._conclude(answer, refusal)

    async def _conclude(self, answer: Reply, refusal: Reply | None) -> None:
        """Report the outcome of the first message sent, unless the replies do not match."""
        outcome = receipt(refusal or answer)
        if answer.code == CLOSING:
            self._finish(outcome)
            await self._closed_after(answer)
        if not answer.final or _lists_extensions(answer):
            self._mismatch(answer, refusal)
        try:
            reset = await self._connection.reply(patience=FINAL)
        except ConnectionLost:
            self._finish(outcome)
            self._chunking.distrust(_CUT)
            raise
        if reset.code == CLOSING:
            self._finish(outcome)
            await self._closed_after(reset)
        if not reset.ok or _lists_extensions(reset) is self._proven:
            self._mismatch(reset, refusal)
        self._finish(outcome)
        self._proven = True

    def _mismatch(self, reply: Reply, refusal: Reply | None) -> NoReturn:
        self._chunking.distrust(f"its replies do not match the commands it gets ({reply})")
        self._finish(receipt(refusal) if refusal else unsure(_MISMATCH))
        raise ConnectionLost

    def _finish(self, outcome: Receipt) -> None:
        self._outgoing.finish(self._sent.popleft(), outcome)
        self.answered = True

    async def _closed_after(self, reply: Reply) -> NoReturn:
        """Wait for the end that 421 announces; if no other reply comes, nothing else has been read."""
        self.farewell = str(reply)
        try:
            await self._connection.reply()
        except ConnectionLost:
            self._begun.extendleft(reversed(self._sent))
            self._sent.clear()
        raise ConnectionLost


def _lists_extensions(reply: Reply) -> bool:
    return "chunking" in reply.text.lower()
