"""One SMTP session: what sending by DATA and by BDAT share. A window of messages is begun by one commit."""

import sys
from abc import ABC, abstractmethod
from collections import deque

from newsletter.model import Message, Outcome, Receipt, Verdict
from newsletter.ports import Outgoing
from newsletter.transport.smtp.connection import Connection, ConnectionLost

CLOSING = 421  # may answer any command (RFC 5321 §3.8)
FINAL = 10  # timeouts to wait for the reply to a body: ten minutes by default (RFC 5321 §4.5.3.2.6)
_PROMPT = 0.001  # seconds; waiting that is shorter is not worth a larger window


def unsure(
    detail: str = "the connection was lost after the message was sent and before its answer",
) -> Receipt:
    """Return an unknown outcome, which counts as an error of its own."""
    return Receipt(outcome=Outcome.UNKNOWN, detail=detail)


class Session(ABC):
    """A session that begins with the messages `taken`, and sends at most `limit` (0: any number).

    At most `window` messages are on the wire, or recorded as such, at a time.
    """

    def __init__(
        self, connection: Connection, outgoing: Outgoing, taken: deque[Message], limit: int, window: int
    ) -> None:
        size = connection.extensions.get("size", "")
        self._largest = int(size) if size.isdigit() else 0  # most bytes of a message; 0: no limit (RFC 1870)
        self._connection = connection
        self._outgoing = outgoing
        self._left = limit or sys.maxsize
        self._window = window
        self._taken = deque[Message]()
        self._begun = deque[Message]()  # recorded as on the wire, and not completely written
        for message in taken:
            self._take(message)
        self.answered = False
        self.stopped = False
        self.farewell = "it said nothing"

    async def run(self) -> deque[Message]:
        """Send until there are no messages left; return those that were taken and certainly not sent."""
        try:
            while self._goes_on() and (self._taken or await self._next()):
                await self._send_some()
            await self._connection.quit()
        except ConnectionLost:
            pass
        finally:
            await self._connection.abort()
        for message in self._begun:
            if self.stopped:
                self._outgoing.put_back(message)
            else:
                self._outgoing.withdraw(message)
        return deque() if self.stopped else self._begun + self._taken

    def _goes_on(self) -> bool:
        return self._left > 0 and not self.stopped

    @abstractmethod
    async def _send_some(self) -> None:
        """Begin some of the messages taken, of which there is one at least, and send what has begun."""

    async def _next(self) -> bool:
        """Take the next message; return False when there are none for now."""
        while not self._taken and (message := await self._outgoing.next()):
            self._take(message)
        return bool(self._taken)

    def _fill(self, number: int) -> bool:
        """Take messages whose turn is now, until there are so many; return whether there are."""
        while len(self._taken) < number and (message := self._outgoing.ready()):
            self._take(message)
        return len(self._taken) >= number

    def _take(self, message: Message) -> None:
        if fault := self._unfit(message):
            self._outgoing.finish(message, fault)
        else:
            self._taken.append(message)

    async def _begin(self, wait: float, most: int = sys.maxsize) -> None:
        """Begin a window of messages in one commit; those that may not be sent any more drop out.

        `wait` is for how many seconds each window waits: while that is short, one message is enough.
        """
        number = min(1 + int(wait / _PROMPT), self._window, self._left, most)
        self._fill(number)
        messages = [self._taken.popleft() for _ in range(min(number, len(self._taken)))]
        verdicts = await self._outgoing.begin(messages)
        self._begun += (one for one, verdict in zip(messages, verdicts, strict=True) if verdict is Verdict.GO)
        self.stopped = Verdict.STOP in verdicts

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


def envelope(message: Message) -> bytes:
    """Return the commands MAIL and RCPT."""
    option = "" if message.rcpt_to.isascii() else " SMTPUTF8"
    return f"MAIL FROM:<{message.mail_from}>{option}\r\nRCPT TO:<{message.rcpt_to}>\r\n".encode()
