"""The writers of an issue's editions, made of its parts when a reader's message is written."""

from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Engine

from newsletter.links import OF_A_MESSAGE, Signer
from newsletter.model import Envelope, Message
from newsletter.names import read_name
from newsletter.recipes import numbers_of
from newsletter.sending.personal import Writer
from newsletter.store import editions
from newsletter.store.db import reading
from newsletter.store.ledger import Due
from newsletter.transport.dkim import DomainSigner

_WRITERS, _RECIPES = 256, 8192
"""The most that are kept: a writer has some 50 kB of what is its own, a recipe some hundred bytes."""


class Writers:
    """The writers of an issue by edition. Where editions are many, only some are kept."""

    def __init__(
        self, engine: Engine, shared: Envelope, signer: Signer, dkim: DomainSigner | None = None
    ) -> None:
        self._engine = engine
        self._name = shared.issue
        self._shared = shared
        self._signer = signer
        self._dkim = dkim
        self._tokens: dict[int, tuple[str, ...]] = {}
        self._made: OrderedDict[str, Writer] = OrderedDict()
        self._recipes: OrderedDict[str, bytes] = OrderedDict()
        with reading(engine) as connection:
            self._stock = editions.stock(connection, self._name)

    def prepare(self, connection: Connection, dues: Collection[Due]) -> None:
        """Make the readers' tokens and read the recipes of their editions, of a chunk at once."""
        numbers = [due.subscriber for due in dues]
        found = self._signer.tokens_of_each(OF_A_MESSAGE, numbers, read_name(self._name))
        self._tokens.update(zip(numbers, found, strict=True))
        self._learn(connection, {due.edition for due in dues})

    def write(self, due: Due, now: datetime) -> Message:
        """Return the message for `due`."""
        return self[due.edition].write(due, now, self._tokens.pop(due.subscriber, ()))

    def _learn(self, connection: Connection, keys: Collection[str]) -> None:
        """Read the recipes of editions that are needed next, all in one query."""
        if missing := [key for key in keys if key not in self._recipes]:
            found = editions.recipes(connection, self._name, missing)
            if any(numbers_of(recipe)[-1] >= len(self._stock.parts) for recipe in found.values()):
                self._stock = editions.stock(connection, self._name)  # some were added since
            self._recipes.update(found)
        for key in keys:
            self._recipes.move_to_end(key)
        while len(self._recipes) > max(_RECIPES, len(keys)):
            self._recipes.popitem(last=False)

    def __getitem__(self, key: str) -> Writer:
        writer = self._made.get(key)
        if writer is None:
            if key not in self._recipes:
                with reading(self._engine) as connection:
                    self._learn(connection, [key])
            writer = self._made[key] = Writer(
                self._stock.assembled(key, self._recipes[key]), self._shared, self._signer, self._dkim
            )
            if len(self._made) > _WRITERS:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return writer
