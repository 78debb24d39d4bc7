"""Limit how many confirmation letters one mailbox gets, whoever types its address into forms.

The count is stored under a keyed hash of the mailbox, so it can outlive the requests of people who never
answer.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, delete, or_, select, update

from newsletter.links import Signer
from newsletter.model import SubscriberStatus
from newsletter.store import rate_limits
from newsletter.store.choices import BOUNCED
from newsletter.store.db import timestamp, upsert
from newsletter.store.mailbox import canonical
from newsletter.store.people import key
from newsletter.store.schema import confirmation_limit, subscriber

NETWORKS = "network:"
"""Prefix of the rate-limit scopes of the networks that requests come from."""

_PAUSE = timedelta(hours=24)
_MOST = 3
_KEPT = timedelta(days=180)
"""After this time without a letter, the count of a mailbox that never answered starts again."""


def count(connection: Connection, email: str, signer: Signer, now: datetime) -> bool:
    """Count a confirmation letter to `email` and tell whether it may be sent; one of concurrent calls may.

    Refused for suppressed addresses, within a day of another letter, and after three without an answer. A
    bounce stops only that spelling, as another may be right; other suppressions stop the whole mailbox.
    """
    stopped = select(subscriber.c.id).where(
        subscriber.c.mailbox == canonical(email),
        subscriber.c.status == SubscriberStatus.SUPPRESSED.value,
        or_(subscriber.c.email_key == key(email), ~subscriber.c.reason.startswith(BOUNCED)),
    )
    if connection.execute(stopped).first():
        return False
    forgotten = confirmation_limit.c.at <= timestamp(now - _KEPT)
    first = {"digest": _mailbox(email, signer), "letters": 1, "at": timestamp(now)}
    statement = upsert(connection, confirmation_limit).values(first)
    counted = statement.on_conflict_do_update(
        index_elements=[confirmation_limit.c.digest],
        set_={"letters": case((forgotten, 1), else_=confirmation_limit.c.letters + 1), "at": timestamp(now)},
        where=and_(
            # A time more than a pause ahead comes from a clock that was wrong.
            or_(
                confirmation_limit.c.at <= timestamp(now - _PAUSE),
                confirmation_limit.c.at > timestamp(now + _PAUSE),
            ),
            or_(confirmation_limit.c.letters < _MOST, forgotten),
        ),
    )
    return connection.execute(counted.returning(confirmation_limit.c.letters)).first() is not None


def answered(connection: Connection, email: str, signer: Signer) -> None:
    """Reset the count, because `email` confirmed; a day must still pass before the next letter."""
    connection.execute(
        update(confirmation_limit)
        .where(confirmation_limit.c.digest == _mailbox(email, signer))
        .values(letters=0)
    )


def forget(connection: Connection, email: str, signer: Signer) -> int:
    """Delete the count of an erased address; return how many rows were deleted."""
    return connection.execute(
        delete(confirmation_limit).where(confirmation_limit.c.digest == _mailbox(email, signer))
    ).rowcount


def prune(connection: Connection, now: datetime) -> None:
    """Delete counts and rate limits that no longer restrict anybody."""
    rested = and_(confirmation_limit.c.letters == 0, confirmation_limit.c.at <= timestamp(now - _PAUSE))
    connection.execute(
        delete(confirmation_limit).where(or_(rested, confirmation_limit.c.at <= timestamp(now - _KEPT)))
    )
    rate_limits.prune(connection, NETWORKS, now.timestamp())


def _mailbox(email: str, signer: Signer) -> bytes:
    """Return the keyed hash of a mailbox, the same for all spellings of its address."""
    return signer.digest(canonical(email))
