"""The seams: what sending asks of a transport, and what a transport asks of sending."""

from typing import Protocol

from newsletter.model import Message, Receipt, Verdict


class Outgoing(Protocol):
    """Where a connection takes its messages from, and where it tells what became of them.

    A connection may prepare the next message as it likes, but writes a body only after `begin` said GO:
    by then the database holds, durably, that this body may be on the wire.
    """

    async def next(self) -> Message | None:
        """Return the next message to prepare, when its turn has come; None when there are no more for now."""

    def ready(self) -> Message | None:
        """Return the next message to prepare if there is one whose turn is now."""

    async def begin(self, message: Message) -> Verdict:
        """Record that the body of `message` is about to leave."""

    def finish(self, message: Message, receipt: Receipt) -> None:
        """Tell what became of `message`, whether its body was begun or not."""

    def withdraw(self, message: Message) -> None:
        """Record that the body of `message` did not leave, and will not before `begin` has said GO again."""

    def put_back(self, message: Message) -> None:
        """Give `message` back, whose body certainly did not leave, before giving up: it stays open."""


class Transport(Protocol):
    """How messages leave."""

    @property
    def name(self) -> str:
        """The word of newsletter.yaml: outbox, smtp, sendgrid."""

    @property
    def connections(self) -> int:
        """How many calls of `drain` may run side by side."""

    @property
    def repeatable(self) -> bool:
        """True where sending a message again leaves one: then a lost answer leaves nothing uncertain."""

    async def check(self) -> None:
        """Raise TransportUnavailable, in words that name the cure, if nothing could be sent now."""

    async def drain(self, outgoing: Outgoing) -> None:
        """Send what `outgoing` gives over one connection. Raises TransportUnavailable."""
