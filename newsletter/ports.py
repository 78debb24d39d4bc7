"""The interfaces between sending and the transports."""

from collections.abc import Sequence
from typing import Protocol

from newsletter.model import Message, Receipt, Verdict


class Outgoing(Protocol):
    """A connection's source of messages, to which it reports their outcomes.

    A connection may prepare the next message at any time, but sends a body only after `begin` returned GO:
    by then the database records durably that this body may be on the wire (a write-ahead log).
    """

    async def next(self) -> Message | None:
        """Wait for the turn of the next message and return it; None when there are no more for now."""

    def ready(self) -> Message | None:
        """Return the next message if its turn is now, without waiting; else None."""

    @property
    def commit_seconds(self) -> float:
        """How long the last commit took, which `begin` waits for."""

    async def begin(self, messages: Sequence[Message]) -> Sequence[Verdict]:
        """Record, in one commit, that these bodies are about to be sent; return which of them to send."""

    def finish(self, message: Message, receipt: Receipt) -> None:
        """Report the outcome of `message`, whether its body was begun or not."""

    def withdraw(self, message: Message) -> None:
        """Record that the body of `message` was not sent, and will not be before `begin` returns GO again."""

    def put_back(self, message: Message) -> None:
        """Give back `message`, whose body was certainly not sent, before giving up: it stays pending."""


class Transport(Protocol):
    """A way to send messages, such as SMTP."""

    @property
    def name(self) -> str:
        """The name in newsletter.yaml, like outbox or smtp."""

    @property
    def connections(self) -> int:
        """How many calls of `drain` may run concurrently."""

    @property
    def repeatable(self) -> bool:
        """True if sending is idempotent: then a message whose answer was lost can be sent again."""

    async def check(self) -> None:
        """Raise TransportUnavailable, with a hint that names the remedy, if nothing can be sent now."""

    async def drain(self, outgoing: Outgoing) -> None:
        """Send the messages of `outgoing` over one connection. Raises TransportUnavailable."""
