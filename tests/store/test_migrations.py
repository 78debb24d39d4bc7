"""Migrations lead to the schema that the program uses."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

import newsletter.store
from newsletter.errors import StoreError
from newsletter.store import db
from newsletter.store.db import open_database, reading, writing
from newsletter.store.readonly import ReadOnlyDatabase
from newsletter.store.schema import metadata
from tests.postgres import execute, named

FOLDER = Path(newsletter.store.__path__[0]) / "migrations"


def test_a_migrated_database_has_the_tables_of_the_schema(engine: Engine) -> None:
    with reading(engine) as connection:
        options = {"include_name": lambda name, *_: not str(name).startswith("item_search")}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def tables(connection: Connection) -> dict[str, str]:
    query = text(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'"
        " AND name NOT LIKE 'item_search%'"  # made for search, by SQL of each database's own
    )
    return {name: sql for name, sql in connection.execute(query)}  # noqa: C416  typed, unlike dict()


def test_a_migrated_table_is_made_like_one_of_the_schema(sqlite_engine: Engine) -> None:
    # What alembic does not compare: AUTOINCREMENT and WITHOUT ROWID.
    fresh = create_engine("sqlite://")
    metadata.create_all(fresh)
    with reading(sqlite_engine) as migrated, fresh.connect() as made:
        found, wanted = tables(migrated), tables(made)
    fresh.dispose()
    assert found.keys() == wanted.keys()
    for name, sql in wanted.items():
        for trait in ("AUTOINCREMENT", "WITHOUT ROWID"):
            assert (trait in found[name]) == (trait in sql), name


def test_an_empty_database_in_memory_has_every_table_and_column(sqlite_engine: Engine) -> None:
    empty = ReadOnlyDatabase("sqlite:///nosuch.db").engine
    with reading(sqlite_engine) as migrated, reading(empty) as made:
        wanted, found = columns(migrated), columns(made)
    empty.dispose()
    assert {"subscriber", "item_search"} <= found.keys()
    assert {**wanted, "alembic_version": set()} == {**found, "alembic_version": set()}


def columns(connection: Connection) -> dict[str, set[str]]:
    query = text(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    )
    found: dict[str, set[str]] = {}
    for table, column in connection.execute(query):
        found.setdefault(table, set()).add(column)
    return found


def test_head_names_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == db.HEAD
    assert max(path.name for path in (FOLDER / "versions").glob("*.py")).startswith(db.HEAD)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    engine = open_database(url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="newer version") as caught:
        open_database(url)
    assert "Install" in caught.value.hint


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "newsletter.db"
    open_database(f"sqlite:///{path}").dispose()
    before = path.read_bytes()
    open_database(f"sqlite:///{path}").dispose()
    assert path.read_bytes() == before


OPEN = """
import sys
from alembic import command  # what takes time, before the start is given
from newsletter.store.db import open_database, reading, schema_version
print("ready", flush=True)
sys.stdin.readline()
with reading(open_database(sys.argv[1])) as connection:
    print(schema_version(connection))
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_of_processes_that_start_at_once_one_upgrades_the_schema_and_the_others_go_on(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    if kind == "postgres":
        server = request.getfixturevalue("postgres")
        execute(server, "CREATE DATABASE starting")
        url = named(server, "starting")
    ones = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    assert [one.stdout and one.stdout.readline() for one in ones] == ["ready\n"] * 3
    for one in ones:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60) for one in ones]
    assert said == [(f"{db.HEAD}\n", "")] * 3
    if kind == "postgres":
        execute(server, "DROP DATABASE starting WITH (FORCE)")
