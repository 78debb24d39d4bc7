"""Approve for very many readers in short transactions, so that no write lock is held for long.

While that lasts, and if it is interrupted, the issue is `freezing`: it has no approval, an earlier one being
void, nothing sends it, and the next approval begins from scratch. A short last transaction makes it approved.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from secrets import token_hex

from sqlalchemy import Connection, Engine, delete

from newsletter.errors import StateError
from newsletter.model import IssueState
from newsletter.store import audience as audiences
from newsletter.store import chunks, issues
from newsletter.store.batches import Batches
from newsletter.store.db import reading, writing
from newsletter.store.issues import Frozen
from newsletter.store.schema import audience, chunk, cover, delivery, edition, item


@dataclass(slots=True)
class Chosen:
    """Which reader gets which edition, by ascending id, and how many get none; 10 MB a million readers."""

    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    places: "array[int]" = field(default_factory=lambda: array("L"))
    keys: list[str] = field(default_factory=list)
    without: int = 0

    def add(self, number: int, key: str) -> None:
        """Add a reader, who gets the edition `key`."""
        if key not in self.keys:
            self.keys.append(key)
        self.numbers.append(number)
        self.places.append(self.keys.index(key))

    def rows(self, start: int, end: int) -> list[tuple[int, str]]:
        """Return (subscriber, edition) for a slice of the readers."""
        places = self.places[start:end]
        return [
            (number, self.keys[place]) for number, place in zip(self.numbers[start:end], places, strict=True)
        ]


def stage(
    engine: Engine,
    draft: Frozen,
    chosen: Chosen,
    put_pages: Callable[[Connection], None],
    claim: Callable[[Connection, Frozen], None],
) -> Frozen:
    """Store an approval in steps; `claim` puts the draft in place, or raises.

    `put_pages` stores editions and archive. Raises StateError when another approval began meanwhile.
    """
    staged = replace(draft, state=IssueState.FREEZING, fingerprint=token_hex(16))
    batches = Batches(engine)
    with writing(engine) as connection:
        claim(connection, staged)

    for table in (delivery, audience):
        batches.delete(table, table.c.issue == draft.name, before=lambda one: _hold(one, staged))
    with writing(engine) as connection:
        _hold(connection, staged)
        epoch = chunks.next_epoch(connection)
        for table in (chunk, edition, item, cover):
            connection.execute(delete(table).where(table.c.issue == draft.name))
        put_pages(connection)
    batches.each(range(len(chosen.numbers)), lambda one, part: _put(one, staged, chosen, part))
    with reading(engine) as connection:
        fingerprint = issues.fingerprint(connection, draft.name, draft.envelope)
    sealed = replace(draft, fingerprint=fingerprint, readers=len(chosen.numbers), without=chosen.without)
    with writing(engine) as connection:
        _hold(connection, staged)
        chunks.put(connection, draft.name, chosen.numbers, epoch)
        issues.seal(connection, sealed)
        issues.change_state(connection, draft.name, draft.state, among=[IssueState.FREEZING])
    return sealed


def _put(connection: Connection, staged: Frozen, chosen: Chosen, part: Sequence[int]) -> None:
    _hold(connection, staged)
    audiences.put(connection, staged.name, chosen.rows(part[0], part[-1] + 1))


def _hold(connection: Connection, staged: Frozen) -> None:
    """Lock the issue until the transaction ends. Raises StateError when another approval has taken it."""
    found = issues.lock(connection, staged.name)
    if found is None or (found.state, found.fingerprint) != (staged.state, staged.fingerprint):
        raise StateError(
            f"another approval of issue {staged.name} began meanwhile",
            "See its result: newsletter status",
        )
