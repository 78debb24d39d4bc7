"""Messages outside the ledger: an edition as a test, and a note from the program to the editors."""

from dataclasses import replace
from datetime import datetime
from html import escape
from secrets import token_hex

from newsletter.links import Signer
from newsletter.model import Envelope, Message, Outcome, Receipt, Rendered, Verdict
from newsletter.ports import Transport
from newsletter.sending.personal import Writer
from newsletter.slots import EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW
from newsletter.store.ledger import Due
from newsletter.transport.dkim import DomainSigner
from newsletter.transport.mime import mailbox, note

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


async def tell(  # noqa: PLR0913, PLR0917  what a message is made of
    transport: Transport, shared: Envelope, to: str, subject: str, text: str, now: datetime
) -> Receipt:
    """Send a note to one editor. Raises TransportUnavailable."""
    identity = f"<{now:%Y%m%d%H%M%S}.{token_hex(8)}@{shared.domain}>"
    page = Rendered(edition="note", subject=subject, html=f"<pre>{escape(text)}</pre>", text=text, sha256="")
    sender = mailbox(shared.from_name, shared.from_address)
    outgoing = _One(
        Message(
            subscriber=_NOBODY,
            mail_from=shared.from_address,
            rcpt_to=to,
            message_id=identity,
            name="",
            page=page,
            shared=shared,
            values=dict.fromkeys((EMAIL, PREFERENCES, UNSUBSCRIBE, VIEW), ""),
            build=lambda: note(sender, to, subject, text, identity, now),
        )
    )
    await transport.drain(outgoing)
    return outgoing.receipt
