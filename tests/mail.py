"""Mail that a transport takes outside the ledger, as letters are."""

import asyncio
from datetime import datetime

from newsletter.model import Envelope, Rendered
from newsletter.ports import Transport
from newsletter.sending.transactional import Batch, compose


def post(transport: Transport, shared: Envelope, to: str, text: str, now: datetime) -> None:
    """Have `transport` send `text` to one address."""
    page = Rendered(edition="note", subject="Дайджест", html=f"<p>{text}</p>", text=text, sha256="")
    identity = f"<note@{shared.domain}>"
    message = compose(page, shared, number=0, to=to, message_id=identity, now=now, values={})
    asyncio.run(transport.check())
    asyncio.run(transport.drain(Batch([message])))
