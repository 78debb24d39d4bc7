"""Erasing a person from all that a workspace keeps: messages in its outbox, and the database."""

from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter.store import erasure, people
from newsletter.store.db import reading
from newsletter.store.erasure import Erased
from newsletter.transport.outbox import forget

if TYPE_CHECKING:
    from newsletter.services import Workspace

_AFTER = timedelta(minutes=1)  # whoever began it is dead by then, or its log is read by somebody


def erase(context: "Workspace", email: str) -> Erased:
    """Erase the person with this address, or finish what an earlier run had begun. Raises StoreError.

    Files go first, and once more when nothing can be written to the person any longer. After a failure
    half-way it can simply be done again.
    """
    outbox = context.var / "outbox"
    with reading(context.database) as connection:
        person = people.find(connection, email)
    forget(outbox, email, person.id if person else None)
    return erasure.erase(
        context.database,
        email,
        context.signer,
        context.now(),
        lambda number: forget(outbox, email, number or None),
    )


def finish(context: "Workspace") -> int:
    """Finish the erasures that were begun and not finished; return how many. Raises StoreError."""
    outbox = context.var / "outbox"
    return erasure.finish_all(
        context.database,
        context.now() - _AFTER,
        lambda number: forget(outbox, "", number or None),
    )
