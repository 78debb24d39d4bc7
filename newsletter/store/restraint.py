"""How often an address is written to before it has confirmed anything, whoever types it into forms."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select

from newsletter.model import SubscriberStatus
from newsletter.store.db import timestamp
from newsletter.store.people import hold, key
from newsletter.store.schema import letter, request, subscriber

_PAUSE = timedelta(hours=24)
_MOST = 3
"""Letters to which nobody answered, while their requests are kept."""


def may_be_asked(connection: Connection, email: str, now: datetime) -> bool:
    """Tell whether a letter may ask `email` to confirm; whoever else asks waits for this transaction's end.

    No for a suppressed address, within a day of another letter, and after three that were not confirmed.
    Addresses that differ after a + count as one, since most servers put their mail into one mailbox.
    """
    name, _, domain = key(email).rpartition("@")
    name = name.partition("+")[0]
    hold(connection, f"{name}@{domain}")
    known = letter.c.email_key.collate("C" if connection.dialect.name == "postgresql" else "BINARY")
    tagged = and_(known > f"{name}+", known < f"{name},", known.endswith(f"@{domain}", autoescape=True))
    last, unanswered = connection.execute(
        select(
            func.coalesce(func.max(letter.c.created_at), ""),
            func.count(request.c.id).filter(request.c.confirmed_at == ""),
        )
        .select_from(letter.outerjoin(request, letter.c.request == request.c.id))
        .where(or_(letter.c.email_key == f"{name}@{domain}", tagged))
    ).one()
    stopped = connection.execute(
        select(subscriber.c.id).where(
            subscriber.c.email_key == key(email),
            subscriber.c.status == SubscriberStatus.SUPPRESSED.value,
        )
    ).one_or_none()
    return stopped is None and unanswered < _MOST and last <= timestamp(now - _PAUSE)
