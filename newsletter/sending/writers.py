"""The writers of an issue's editions, made of its parts when a reader's message is written."""

from collections import OrderedDict
from collections.abc import Callable, Collection

from sqlalchemy import Connection, Engine

from newsletter.recipes import Assembled, numbers_of
from newsletter.sending.personal import Writer
from newsletter.store import editions
from newsletter.store.db import reading

_WRITERS, _RECIPES = 256, 8192
"""The most that are kept: a writer has some 50 kB of what is its own, a recipe some hundred bytes."""


class Writers:
    """The writers of an issue by edition; `make` makes one. Where editions are many, only some are kept."""

    def __init__(self, engine: Engine, name: str, make: Callable[[Assembled], Writer]) -> None:
        self._engine = engine
        self._name = name
        self._make = make
        self._made: OrderedDict[str, Writer] = OrderedDict()
        self._recipes: OrderedDict[str, bytes] = OrderedDict()
        with reading(engine) as connection:
            self._stock = editions.stock(connection, name)

    def prepare(self, connection: Connection, keys: Collection[str]) -> None:
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
                    self.prepare(connection, [key])
            writer = self._made[key] = self._make(self._stock.assembled(key, self._recipes[key]))
            if len(self._made) > _WRITERS:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return writer
