"""Messages outside the ledger: an edition as a test, and a note from the program to the editors."""

from dataclasses import replace
from datetime import datetime
from html import escape
from secrets import token_hex

from newsletter.i18n import translations
from newsletter.links import Signer
from newsletter.model import Envelope, Receipt, Rendered
from newsletter.ports import Transport
from newsletter.render.renderer import fingerprint
from newsletter.sending.personal import Writer
from newsletter.sending.post import Batch, compose
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
    """Send `page` to `address` with a mark, in `language`, in its subject. Raises TransportUnavailable."""
    mark = translations(language).gettext("test")
    marked = replace(page, subject=f"[{mark}] {page.subject}")
    due = Due(_NOBODY, address, "", page.edition, 1)
    outgoing = Batch([Writer(marked, shared, signer, dkim).write(due, now)])
    await transport.check()
    await transport.drain(outgoing)
    return outgoing.receipt(_NOBODY)


async def tell(  # noqa: PLR0913, PLR0917  what a message is made of
    transport: Transport, shared: Envelope, to: str, subject: str, text: str, now: datetime
) -> Receipt:
    """Send a note to one editor. Raises TransportUnavailable."""
    identity = f"<{now:%Y%m%d%H%M%S}.{token_hex(8)}@{shared.domain}>"
    html = f"<pre>{escape(text)}</pre>"
    page = Rendered(
        edition="note", subject=subject, html=html, text=text, sha256=fingerprint(subject, html, text)
    )
    outgoing = Batch([compose(page, shared, number=_NOBODY, to=to, message_id=identity, now=now, values={})])
    await transport.drain(outgoing)
    return outgoing.receipt(_NOBODY)
