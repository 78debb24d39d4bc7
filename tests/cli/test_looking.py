"""Commands that only look neither create, upgrade nor lock the database; a folder may have any name."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.cli import run
from newsletter.errors import StoreError
from newsletter.services import open_workspace
from newsletter.store.database_url import sqlite_url
from newsletter.store.db import open_database, reading, writing
from newsletter.store.people import count_readers
from newsletter.store.readonly import ReadOnlyDatabase
from tests.postgres import execute, named

ROOT = Path(__file__).parents[2]
D = "2025-02-14"
LOOKS = {
    "check": ["check", D],
    "render": ["render", D],
    "status": ["status", D],
    "schedule": ["schedule", D],
    "subscribers list": ["subscribers", "list"],
    "subscribers show": ["subscribers", "show", "a@example.org"],
    "subscribers report": ["subscribers", "report"],
    "subscribers export": ["subscribers", "export"],
    "subscribers import --dry-run": ["subscribers", "import", "list.csv", "--dry-run"],
    "segments": ["segments"],
    "send --dry-run": ["send", D, "--dry-run"],
    "archive": ["archive", "--out", "public"],
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with the sample issue, and without a database."""
    return _workspace(tmp_path / "press", monkeypatch)


def _workspace(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("issues", "subscribers"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    (root / "list.csv").write_text("email\na@example.org\n", encoding="utf-8")
    monkeypatch.chdir(root)
    monkeypatch.setenv("NEWSLETTER_NOW", f"{D}T12:00:00+00:00")
    return root


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the write lock, as another program might."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_who_only_looks_does_not_wait_for_the_write_lock(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["subscribers", "import", "list.csv", "--consent", "made up"]) == 0
    assert run(["approve", D, "--by", "Олена"]) == 0
    refused = {}
    with locked(workspace / "var/newsletter.db"):
        for name, words in LOOKS.items():
            if (code := run(words)) not in (0, 1):
                refused[name] = (code, capsys.readouterr().err)
    assert refused == {}
    assert "locked" not in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in LOOKS if name != "schedule"])
def test_who_only_looks_makes_no_database(workspace: Path, name: str) -> None:
    assert run(LOOKS[name]) in (0, 1)  # such as: nobody of that address is here
    assert not (workspace / "var/newsletter.db").exists()


def test_who_began_to_look_without_a_database_sees_the_one_that_comes(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "newsletter.db")
    looking = ReadOnlyDatabase(url)
    with reading(looking.engine) as connection:
        assert count_readers(connection) == 0
    open_database(url).dispose()
    assert looking.engine.url == url
    with pytest.raises(StoreError, match="readonly"), writing(looking.engine) as connection:
        connection.execute(text("DELETE FROM subscriber"))
    looking.engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_database_of_an_earlier_version_is_not_upgraded_by_looking(
    kind: str, request: pytest.FixtureRequest
) -> None:
    engine = request.getfixturevalue(f"{kind}_engine")
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(StoreError, match="earlier version") as caught:
        _ = ReadOnlyDatabase(engine.url).engine
    assert "newsletter database upgrade" in caught.value.hint
    with reading(engine) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0001"


def test_who_looks_at_an_empty_postgresql_database_makes_nothing_there(postgres: str) -> None:
    execute(postgres, "CREATE DATABASE looked_at")
    looking = ReadOnlyDatabase(named(postgres, "looked_at"))
    with reading(looking.engine) as connection:
        assert count_readers(connection) == 0
    execute(postgres, "DROP DATABASE looked_at WITH (FORCE)")


@pytest.mark.parametrize("folder", ["a?b=c#1 %20;", "50% [draft]* Дайджест {громад} it's $HOME"])
def test_a_workspace_may_lie_in_a_folder_of_any_name(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = _workspace(tmp_path / folder, monkeypatch)
    assert run(["subscribers", "import", "list.csv", "--consent", "made up"]) == 0
    assert run(["approve", D, "--by", "Олена"]) == 0
    for name, words in LOOKS.items():
        assert run(words) == 0, (name, capsys.readouterr().err)
    assert run(["send", D, "--transport", "outbox"]) == 0, capsys.readouterr().err
    assert [path.name for path in root.glob("var/*.db")] == ["newsletter.db"]
    assert [path.name for path in tmp_path.iterdir()] == [folder], "nothing lies beside it"
    assert len(list(root.glob("var/outbox/**/*.eml"))) == 1
    assert run(["subscribers", "erase", "a@example.org", "--yes"]) == 0
    assert list(root.glob("var/outbox/**/*.eml")) == []
    open_workspace(root).database.dispose()
