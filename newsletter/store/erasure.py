"""Erasing a person: what is left is a keyed hash of the address, so that no list brings it back.

Requests, consents and choices of a subscriber go with their row: the tables say so.
"""

from contextlib import closing
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, select, update

from newsletter.links import Signer
from newsletter.store import restraint
from newsletter.store.db import plain_errors, timestamp, upsert, writing
from newsletter.store.people import key
from newsletter.store.schema import delivery, erased, event, issue, letter, request, subscriber

_BATCH = 1000


def erase(engine: Engine, email: str, signer: Signer, now: datetime) -> bool:
    """Erase the person with this address from the database and its log; False when there is none.

    Deliveries and events stay as numbers; the words in them, which may quote the address, go. Who had only
    asked for something is a person too.
    """
    with writing(engine) as connection:
        number = connection.execute(
            select(subscriber.c.id).where(subscriber.c.email_key == key(email)).with_for_update()
        ).scalar_one_or_none()
        letters = connection.execute(delete(letter).where(letter.c.email_key == key(email))).rowcount
        requests = connection.execute(delete(request).where(request.c.email_key == key(email))).rowcount
        counts = restraint.forget(connection, email, signer)
        if number is None and not letters and not requests and not counts:
            return False
        connection.execute(
            update(delivery)
            .where(delivery.c.issue.in_(select(issue.c.name)), delivery.c.subscriber == number)
            .values(detail="")
        )
        connection.execute(update(event).where(event.c.subscriber == number).values(detail=""))
        connection.execute(delete(subscriber).where(subscriber.c.id == number))
        connection.execute(
            upsert(connection, erased).on_conflict_do_nothing(),
            {"digest": signer.digest(key(email)), "at": timestamp(now)},
        )
    if engine.dialect.name == "sqlite":
        _empty_log(engine)
    return True


def erased_at(connection: Connection, email: str, signer: Signer) -> str | None:
    """Return when this address was erased, if it was."""
    query = select(erased.c.at).where(erased.c.digest == signer.digest(key(email)))
    return connection.execute(query).scalar_one_or_none()


def returned(connection: Connection, signer: Signer) -> list[str]:
    """Return the addresses of subscribers who were erased: a backup from before has brought them back."""
    marks = set(connection.execute(select(erased.c.digest)).scalars())
    rows = connection.execute(
        select(subscriber.c.email, subscriber.c.email_key), execution_options={"yield_per": _BATCH}
    )
    return [email for email, email_key in rows if marks and signer.digest(email_key) in marks]


def readmit(connection: Connection, email: str, signer: Signer) -> None:
    """Let lists know an erased address again, because whoever reads its mail wants the digest."""
    connection.execute(delete(erased).where(erased.c.digest == signer.digest(key(email))))


def _empty_log(engine: Engine) -> None:
    """Write SQLite's log back and cut it to nothing: until then it still holds the old pages."""
    with plain_errors(engine), closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
