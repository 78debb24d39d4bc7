"""What holds people's data is for its owner alone, whatever the umask."""

import logging
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import cli
from newsletter.errors import StoreError
from newsletter.services import Workspace, open_workspace
from newsletter.services.scheduler import own
from newsletter.store.db import open_database, writing
from newsletter.store.schema import metadata
from tests.mail import post

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=[0o022, 0o000, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Have files made as on a machine with this umask."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder.parent)): stat.S_IMODE(path.stat().st_mode)
        for path in (folder, *folder.rglob("*"))
    }


def open_to_others(folder: Path) -> dict[str, str]:
    return {name: oct(mode) for name, mode in modes(folder).items() if mode & 0o077}


def use(root: Path) -> Workspace:
    """Have a workspace's database written to, a secret made, a letter in its outbox, and a start counted."""
    context = open_workspace(root)
    with writing(context.database) as connection:
        connection.execute(
            metadata.tables["rate_limit"].insert().values(scope=f"x{os.urandom(4)!r}", free_at=0.0)
        )
    assert context.signer.key
    own(context)
    outbox = context.transport("outbox", date(2025, 2, 14))
    now = datetime(2025, 2, 14, tzinfo=UTC)
    post(outbox, context.settings.envelope(""), "olena@rada.example", "Text", now)
    return context


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the files of a workspace in a folder that others may look into."""
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    monkeypatch.delenv("NEWSLETTER_SECRET", raising=False)
    root = tmp_path / "digest"
    root.mkdir(0o755)
    root.chmod(0o755)
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    return root


def test_nobody_else_may_read_anything_of_var_whatever_the_umask(root: Path, umask: int) -> None:
    context = use(root)
    found = modes(root / "var")
    assert {"var/newsletter.db", "var/newsletter.db-wal", "var/newsletter.db-shm", "var/secret"} <= set(found)
    assert any(name.endswith(".eml") for name in found)
    assert open_to_others(root / "var") == {}, f"umask {umask:o}"
    assert stat.S_IMODE(root.stat().st_mode) == 0o755, "the workspace itself is shared with editors"
    context.database.dispose()


def test_an_export_of_people_is_its_owner_s_and_the_archive_is_everybody_s(
    root: Path, tmp_path: Path, umask: int
) -> None:
    say = CliRunner()
    words = ["-C", str(root), "subscribers", "export", "--out", str(tmp_path / "people.csv")]
    assert say.invoke(cli, words).exit_code == 0
    assert stat.S_IMODE((tmp_path / "people.csv").stat().st_mode) == 0o600
    assert umask in (0o022, 0o000, 0o077)


def test_what_an_earlier_version_left_open_is_closed_and_told(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = use(root)
    context.database.dispose()
    var = root / "var"
    with closing(sqlite3.connect(var / "newsletter.db")) as held:
        held.execute("SELECT count(*) FROM rate_limit").fetchall()  # so that log and index stay
        for path in (var, *var.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        with caplog.at_level(logging.WARNING):
            use(root).database.dispose()
        assert open_to_others(var) == {}
    assert f"{var} was open to other users" in caplog.text
    caplog.clear()
    use(root).database.dispose()
    assert caplog.text == "", "only once"


def test_a_database_in_a_folder_of_others_is_closed_and_the_folder_is_left(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "theirs").write_text("x")
    (shared / "theirs").chmod(0o644)
    for url in (f"sqlite:///{shared}/a.db", f"sqlite:///{shared}/new/deeper/a.db"):
        open_database(url).dispose()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert set(open_to_others(shared)) == {"shared", "shared/theirs"}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be created"):
        open_database(f"sqlite:///{tmp_path}/file/a.db")
