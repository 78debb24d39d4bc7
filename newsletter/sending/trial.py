"""A test message: one edition to one address, outside the ledger."""

from dataclasses import replace
from datetime import datetime

from newsletter.links import Signer
from newsletter.model import Envelope, Message, Outcome, Receipt, Rendered, Verdict
from newsletter.ports import Transport
from newsletter.sending.personal import Writer
from newsletter.store.ledger import Due
from newsletter.transport.dkim import DomainSigner

_NOBODY = 0  # no subscriber has this number, so the links in a test message change nothing


class _One:
    """An `Outgoing` of a single message."""

    def __init__(self, message: Message) -> None:
        self._message: Message | None = message
        self.receipt = Receipt(outcome=Outcome.UNKNOWN, detail="nothing was said of it")

    async def next(self) -> Message | None:
        message, self._message = self._message, None
        return message

    def ready(self) -> Message | None:
        return None

    async def begin(self, message: Message) -> Verdict:  # noqa: ARG002  the seam's signature
        return Verdict.GO

    def finish(self, message: Message, receipt: Receipt) -> None:  # noqa: ARG002  likewise
        self.receipt = receipt

    def put_back(self, message: Message) -> None:
        """Forget it: what ends the sending says why."""


async def trial(  # noqa: PLR0913, PLR0917  what a message is made of
    transport: Transport,
    page: Rendered,
    shared: Envelope,
    signer: Signer,
    dkim: DomainSigner | None,
    address: str,
    now: datetime,
) -> Receipt:
    """Send `page` to `address` with a mark in its subject. Raises TransportUnavailable."""
    marked = replace(page, subject=f"[тест] {page.subject}")
    due = Due(_NOBODY, address, "", page.edition, 1)
    outgoing = _One(Writer(marked, shared, signer, dkim).write(due, now))
    await transport.check()
    await transport.drain(outgoing)
    return outgoing.receipt
