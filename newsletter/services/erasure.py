"""Erase a person from everything a workspace stores: messages in its outbox, and the database."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter.services.person import not_a_subscriber
from newsletter.store import erasure, people
from newsletter.store.db import reading
from newsletter.store.erasure import Erased
from newsletter.store.subscriber_data import asked
from newsletter.transport.outbox.files import forget

if TYPE_CHECKING:
    from newsletter.services import Workspace

__all__ = ["Erasable", "Erased", "erase", "finish", "returned", "to_erase"]

_AFTER = timedelta(
    minutes=1
)  # by then its process has died, or another program still reads the database's log


@dataclass(frozen=True, slots=True)
class Erasable:
    """An address that can be erased; `was_confirmed` when an erasure of it began and was interrupted."""

    address: str
    was_confirmed: bool


def to_erase(workspace: "Workspace", address: str) -> Erasable:
    """Check that something is stored about `address`. Raises ContentError when nothing is."""
    with reading(workspace.database) as connection:
        if people.find(connection, address) is not None or asked(connection, address):
            return Erasable(address, was_confirmed=False)
        if erasure.begun(connection, address, workspace.signer) is not None:
            return Erasable(address, was_confirmed=True)
    raise not_a_subscriber(address)


def returned(workspace: "Workspace") -> list[str]:
    """Return the addresses that were erased and are back, from a backup that was restored."""
    with reading(workspace.database) as connection:
        return erasure.returned(connection, workspace.signer)


def erase(workspace: "Workspace", email: str) -> Erased:
    """Erase the person with this address, or finish an interrupted erasure. Raises StoreError.

    Files are removed first, and again once no more can be written for the person. Idempotent: after a failure
    half-way it can simply be run again.
    """
    outbox = workspace.var / "outbox"
    with reading(workspace.database) as connection:
        person = people.find(connection, email)
    forget(outbox, email, person.id if person else None)
    return erasure.erase(
        workspace.database,
        email,
        workspace.signer,
        workspace.now(),
        lambda number: forget(outbox, email, number or None),
    )


def finish(workspace: "Workspace") -> int:
    """Finish the erasures that were interrupted; return how many. Raises StoreError."""
    outbox = workspace.var / "outbox"
    return erasure.finish_all(
        workspace.database,
        workspace.now() - _AFTER,
        lambda number: forget(outbox, "", number or None),
    )
