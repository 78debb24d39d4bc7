"""Precompiled statements for the hot path: compiled once per database, then passed straight to the driver.

Executing a statement costs SQLAlchemy several times what it costs the database, and each ledger commit runs
three of them for a handful of messages.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.expression import UpdateBase
from sqlalchemy.sql.selectable import Select

Values = Mapping[str, Any]


class Prepared:
    """A precompiled statement; its parameters are texts and numbers, with JSON passed as text."""

    def __init__(self, statement: UpdateBase | Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Sequence[str] | None, dict[str, Any]]] = {}

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Run it for each of `rows`; return how many table rows matched. Raises the driver's errors."""
        return self._given(connection, rows).rowcount

    def fetch(self, connection: Connection, values: Values) -> Sequence[Sequence[Any]]:
        """Return the rows that it selects. Raises the driver's errors."""
        return self._given(connection, [values]).fetchall()

    def _given(self, connection: Connection, rows: Sequence[Values]) -> DBAPICursor:
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(connection.dialect, list(rows[0]))
        sql, order, own = self._compiled[name]
        named = [{**own, **row} for row in rows]
        values = named if order is None else [tuple([row[key] for key in order]) for row in named]
        cursor = connection.connection.cursor()
        if len(values) == 1:
            cursor.execute(sql, values[0])
        else:
            cursor.executemany(sql, values)
        return cursor

    def _compile(
        self, dialect: Dialect, columns: list[str]
    ) -> tuple[str, Sequence[str] | None, dict[str, Any]]:
        keys = columns if self._statement.is_insert else None
        compiled = self._statement.compile(dialect=dialect, column_keys=keys)
        order = getattr(compiled, "positiontup", None)
        return str(compiled), order, dict(compiled.params)
