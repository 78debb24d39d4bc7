"""How often a mailbox is asked before it says yes, whoever types its address into forms.

A count under a keyed hash, so that it can outlive by far what is known of somebody who never answers.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, delete, or_, select, update

from newsletter.links import Signer
from newsletter.model import SubscriberStatus
from newsletter.store import rate_limits
from newsletter.store.db import timestamp, upsert
from newsletter.store.events import BOUNCED
from newsletter.store.mailbox import canonical
from newsletter.store.people import key
from newsletter.store.schema import asked, subscriber

NETWORKS = "network:"
"""How the scopes of the networks that ask begin, among the buckets."""

_PAUSE = timedelta(hours=24)
_MOST = 3
_KEPT = timedelta(days=180)
"""After the last letter: then whoever gave no answer may be asked anew."""


def count(connection: Connection, email: str, signer: Signer, now: datetime) -> bool:
    """Count a letter that asks `email`, if it may be asked now; of many at one moment one may.

    It may not when it is suppressed, within a day of another letter, and after three without an answer. A
    bounce stops one spelling, for another may be right; any other suppression stops the whole mailbox.
    """
    stopped = select(subscriber.c.id).where(
        subscriber.c.mailbox == canonical(email),
        subscriber.c.status == SubscriberStatus.SUPPRESSED.value,
        or_(subscriber.c.email_key == key(email), ~subscriber.c.reason.startswith(BOUNCED)),
    )
    if connection.execute(stopped).first():
        return False
    forgotten = asked.c.at <= timestamp(now - _KEPT)
    first = {"digest": _mailbox(email, signer), "letters": 1, "at": timestamp(now)}
    statement = upsert(connection, asked).values(first)
    counted = statement.on_conflict_do_update(
        index_elements=[asked.c.digest],
        set_={"letters": case((forgotten, 1), else_=asked.c.letters + 1), "at": timestamp(now)},
        where=and_(
            # More than a pause ahead is the time of a clock that was wrong.
            or_(asked.c.at <= timestamp(now - _PAUSE), asked.c.at > timestamp(now + _PAUSE)),
            or_(asked.c.letters < _MOST, forgotten),
        ),
    )
    return connection.execute(counted.returning(asked.c.letters)).first() is not None


def answered(connection: Connection, email: str, signer: Signer) -> None:
    """Begin the count anew, because `email` said yes; a day must still pass until the next letter."""
    connection.execute(update(asked).where(asked.c.digest == _mailbox(email, signer)).values(letters=0))


def forget(connection: Connection, email: str, signer: Signer) -> int:
    """Forget the count of an erased address; return how many there were."""
    return connection.execute(delete(asked).where(asked.c.digest == _mailbox(email, signer))).rowcount


def prune(connection: Connection, now: datetime) -> None:
    """Forget what holds up nobody any more."""
    rested = and_(asked.c.letters == 0, asked.c.at <= timestamp(now - _PAUSE))
    connection.execute(delete(asked).where(or_(rested, asked.c.at <= timestamp(now - _KEPT))))
    rate_limits.prune(connection, NETWORKS, now.timestamp())


def _mailbox(email: str, signer: Signer) -> bytes:
    """Return the keyed hash of a mailbox, the same for all spellings of its address."""
    return signer.digest(canonical(email))
