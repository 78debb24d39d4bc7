"""Send by DATA: a message's body and the next message's MAIL, RCPT and DATA in one write (RFC 2920)."""

from newsletter.model import Message
from newsletter.transport.smtp.connection import ConnectionLost
from newsletter.transport.smtp.session import CLOSING, FINAL, Session, envelope, unsure
from newsletter.transport.smtp_replies import Reply, receipt

_DATA = b"DATA\r\n"
_GO_AHEAD = 354


class DataSession(Session):
    """A session by DATA; in lock-step where the relay offers no PIPELINING."""

    _opened = False  # whether the next message's MAIL, RCPT and DATA are written

    @property
    def _pipelining(self) -> bool:
        return "pipelining" in self._connection.extensions

    async def _send_some(self) -> None:
        head = self._taken[0]
        if refusal := await self._open(head):
            self._taken.popleft()
            self._outgoing.finish(head, receipt(refusal))
            return
        await self._begin(self._outgoing.commit_seconds)
        if not self._begun or self._begun[0] is not head:
            # DATA is open, and even a lone dot would deliver an empty message: drop the connection.
            raise ConnectionLost
        await self._body()
        while self._begun:
            if refusal := await self._open(self._begun[0]):
                self._outgoing.finish(self._begun.popleft(), receipt(refusal))
            else:
                await self._body()

    async def _body(self) -> None:
        """Send the body of the first message begun, and ahead of time the commands of the one after it."""
        message = self._begun[0]
        self._left -= 1
        following = self._following() if self._pipelining and self._goes_on() else None
        ahead = envelope(following) + _DATA if following else b""
        self._connection.write_pieces((*message.pieces, b".\r\n" + ahead))
        self._begun.popleft()
        self._opened = bool(ahead)
        try:
            answer = await self._connection.reply(patience=FINAL)
        except ConnectionLost:
            self._outgoing.finish(message, unsure())
            raise
        self._outgoing.finish(
            message, receipt(answer) if answer.final else unsure(f"the relay answered {answer}")
        )

    def _following(self) -> Message | None:
        if len(self._begun) > 1:
            return self._begun[1]
        return self._taken[0] if self._fill(1) else None

    async def _open(self, message: Message) -> Reply | None:
        """Send MAIL, RCPT and DATA and await the go-ahead; return the refusing reply, if any."""
        opened, self._opened = self._opened, False
        if not self._pipelining:
            refusal = await self._open_in_steps(message)
        else:
            if not opened:
                self._connection.write(envelope(message) + _DATA)
            mail, rcpt, data = [await self._reply() for _ in range(3)]
            refusal = next((reply for reply in (mail, rcpt) if not reply.ok), None)
            if refusal is None and data.code != _GO_AHEAD:
                refusal = data
            if refusal and data.code == _GO_AHEAD:  # RFC 2920 §3.1: no recipient accepted, so end DATA empty
                self._connection.write(b".\r\n")
                await self._connection.reply()
        if refusal:
            self._connection.write(b"RSET\r\n")
            await self._connection.reply()
        self.answered = True
        return refusal

    async def _open_in_steps(self, message: Message) -> Reply | None:
        for line in (envelope(message) + _DATA).splitlines(keepends=True):
            self._connection.write(line)
            answer = await self._reply()
            if not answer.ok and answer.code != _GO_AHEAD:
                return answer
        return None

    async def _reply(self) -> Reply:
        """Return a reply to an envelope command. Raises ConnectionLost for 421, which concerns no message."""
        reply = await self._connection.reply()
        if reply.code == CLOSING:
            self.farewell = str(reply)
            raise ConnectionLost
        return reply
