"""Erasing a person from all that a workspace keeps: messages in its outbox, and the database."""

from typing import TYPE_CHECKING

from newsletter.store import erasure, people
from newsletter.store.db import reading
from newsletter.transport.outbox import forget

if TYPE_CHECKING:
    from newsletter.wiring import Context


def erase(context: "Context", email: str) -> bool:
    """Erase the person with this address; False when nothing was known of them. Raises StoreError.

    Files go first: after a failure half-way it can simply be done again.
    """
    with reading(context.database) as connection:
        person = people.find(connection, email)
    forget(context.var / "outbox", email, person.id if person else None)
    return erasure.erase(context.database, email, context.signer, context.now())
