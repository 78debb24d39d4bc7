"""Send a test message: one edition to one address, not recorded in the ledger."""

from dataclasses import replace
from datetime import datetime

from newsletter.i18n import translations
from newsletter.links import Signer
from newsletter.model import Envelope, Receipt, Rendered
from newsletter.ports import Transport
from newsletter.sending.personal import Writer
from newsletter.sending.transactional import Batch
from newsletter.store.ledger import Due
from newsletter.transport.dkim import DomainSigner

_NOBODY = 0  # no subscriber has this number, so the links in a test message change nothing


async def trial(  # noqa: PLR0913, PLR0917  what a message is made of
    transport: Transport,
    page: Rendered,
    shared: Envelope,
    signer: Signer,
    dkim: DomainSigner | None,
    address: str,
    language: str,
    now: datetime,
) -> Receipt:
    """Send `page` to `address`, its subject marked as a test in `language`. Raises TransportUnavailable."""
    mark = translations(language).gettext("test")
    marked = replace(page, subject=f"[{mark}] {page.subject}")
    due = Due(_NOBODY, address, "", page.edition, 1)
    outgoing = Batch([Writer(marked, shared, signer, dkim).write(due, now)])
    await transport.check()
    await transport.drain(outgoing)
    return outgoing.receipt(_NOBODY)
