"""A disk that fills up: it is told before anything fails, in words, and what failed takes no room."""

import shutil
import subprocess
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from newsletter.cli import cli
from newsletter.errors import StoreError
from newsletter.services import Workspace, open_workspace
from newsletter.store import disk
from newsletter.store.db import reading
from newsletter.store.people import count_readers
from newsletter.web.readers.app import create_site
from tests.web.readers.people import subscribe

ROOT = Path(__file__).parents[2]
BLOCK = 64 << 10


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have a workspace on a disk of 8 MB."""
    root = tmp_path / "disk"
    root.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(root)], check=False, capture_output=True
    )
    if mount.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mount.stderr.decode().strip()}")
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    monkeypatch.setattr(disk, "_AGAIN", 0.0)
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    yield root
    subprocess.run(["umount", "--lazy", str(root)], check=True)


@pytest.fixture
def context(root: Path) -> Iterator[Workspace]:
    """Open it."""
    found = open_workspace(root)
    assert found.signer.key
    yield found
    found.database.dispose()


@pytest.fixture
def client(context: Workspace) -> FlaskClient:
    """Visit its site."""
    return create_site(context).test_client()


def fill(root: Path, size: int) -> int:
    """Take `size` bytes more of the disk, or what there is; return how many."""
    with (root / "ballast").open("ab", buffering=0) as file:
        try:
            return file.write(bytes(size)) or 0
        except OSError:
            return 0


def say(root: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-C", str(root), *words])


def test_health_and_status_tell_before_the_first_sign_up_fails(
    root: Path, context: Workspace, client: FlaskClient
) -> None:
    subscribe(context, "first@example.org")
    assert client.get("/health").json == {"status": "ok"}
    assert "disk" not in say(root, "status").output
    told = number = 0
    failed: StoreError | None = None
    while not failed and number < 1000:
        number += 1
        fill(root, BLOCK)
        if client.get("/health").status_code == HTTPStatus.SERVICE_UNAVAILABLE and not told:
            told = number
            assert client.get("/health").json == {"status": "the disk is nearly full"}
            status = say(root, "status").output
            assert "the disk is nearly full: 0." in status
            assert "Free some disk space" in status
        try:
            subscribe(context, f"reader{number}@example.org")
        except StoreError as error:
            failed = error
    assert failed
    assert "Free some disk space" in failed.hint
    assert 0 < told < number - 2, "with some sign-ups to go"
    assert client.get("/health").json == {"status": "the disk is full"}
    (root / "ballast").unlink()
    subscribe(context, "last@example.org")
    assert client.get("/health").json == {"status": "ok"}


def test_with_a_full_disk_every_command_says_so_and_how_to_go_on(root: Path, context: Workspace) -> None:
    subscribe(context)
    context.database.dispose()
    while fill(root, BLOCK) or fill(root, 512):
        pass
    for words in (["status"], ["send", "2025-02-14"], ["subscribers", "list"]):
        with pytest.raises(StoreError) as caught:
            CliRunner().invoke(cli, ["-C", str(root), *words], standalone_mode=False, catch_exceptions=False)
        assert "the disk is full: 0.0 MB are left" in f"{caught.value} {caught.value.hint}"
        assert "Free some disk space" in caught.value.hint


def test_an_import_that_fails_gives_the_room_of_its_log_back(root: Path, context: Workspace) -> None:
    subscribe(context)
    lines = "".join(f"reader{number}@example.org,Reader {number} {'x' * 300}\n" for number in range(20_000))
    (root.parent / "list.csv").write_text(f"email,name\n{lines}")
    free = shutil.disk_usage(root).free
    found = CliRunner().invoke(
        cli, ["-C", str(root), "subscribers", "import", str(root.parent / "list.csv"), "--consent", "x"]
    )
    assert isinstance(found.exception, StoreError)
    assert "full" in str(found.exception)
    with reading(context.database) as connection:
        room_for_the_readers = count_readers(connection) * 2000
    assert shutil.disk_usage(root).free > free - (1 << 20) - room_for_the_readers
