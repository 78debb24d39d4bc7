"""A database that fails in the middle: what cannot be recorded is not sent."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests import postgres
from tests.faults.scene import CONNECTIONS, DEADLINE, D, Scene, approve, later


def test_a_postgresql_that_restarts_ends_the_sending_and_loses_nothing(sqlite_scene: Scene) -> None:
    with postgres.running() as server:
        scene = Scene(sqlite_scene.root, server.get_uri(), sqlite_scene.port)
        approve(scene)
        with scene.sink(), scene.sender() as sender:
            scene.accepted(100)
            server.stop()
            assert sender.wait(DEADLINE) == 2
            arrived = len(scene.log())
            assert "Check that the server runs" in scene.said()
            assert scene.run("send", D, "--yes") == 2
            assert len(scene.log()) == arrived, "nothing is sent that cannot be recorded"
            server.ensure_postgres_running()
            scene.send(now=later()).judge(unknown=CONNECTIONS)


@pytest.fixture
def small_disk(sqlite_scene: Scene) -> Iterator[Path]:
    """Put the folder of the database on a disk of 8 MB."""
    disk = sqlite_scene.root / "var"
    kept = sqlite_scene.root / "kept"
    disk.rename(kept)
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mount.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mount.stderr.decode().strip()}")
    try:
        shutil.copytree(kept, disk, dirs_exist_ok=True)
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_ends_the_sending_and_loses_nothing(sqlite_scene: Scene, small_disk: Path) -> None:
    with sqlite_scene.sink(), sqlite_scene.sender() as sender:
        sqlite_scene.accepted(100)
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        assert sender.wait(DEADLINE) == 2
        assert "Free some disk space" in sqlite_scene.said()
        ballast.unlink()
        sqlite_scene.send(now=later()).judge(unknown=CONNECTIONS)
