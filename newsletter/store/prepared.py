"""Statements of the hot path: compiled once for a database, then given to its driver as they are.

Executing a statement costs SQLAlchemy several times what it costs the database; a commit of the ledger runs
three of them for a handful of messages.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.expression import UpdateBase
from sqlalchemy.sql.selectable import Select

Values = Mapping[str, Any]


class Prepared:
    """A statement whose own values are texts and numbers; JSON is given to it as text."""

    def __init__(self, statement: UpdateBase | Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Sequence[str] | None, dict[str, Any]]] = {}

    def execute(self, connection: Connection, *rows: Values) -> CursorResult[Any]:
        """Run it for each of `rows`. Raises what SQLAlchemy raises."""
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(connection.dialect, list(rows[0]))
        sql, order, given = self._compiled[name]
        if order is None:
            named = [{**given, **row} for row in rows]
            return connection.exec_driver_sql(sql, named if len(named) > 1 else named[0])
        placed = [tuple([row[key] if key in row else given[key] for key in order]) for row in rows]
        return connection.exec_driver_sql(sql, placed if len(placed) > 1 else placed[0])

    def _compile(
        self, dialect: Dialect, columns: list[str]
    ) -> tuple[str, Sequence[str] | None, dict[str, Any]]:
        keys = columns if self._statement.is_insert else None
        compiled = self._statement.compile(dialect=dialect, column_keys=keys)
        order = getattr(compiled, "positiontup", None)
        return str(compiled), order, dict(compiled.params)
