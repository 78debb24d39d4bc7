"""Scenes to break: an approved issue for many readers, over either database."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests import postgres as server
from tests.faults.scene import Scene, approve, free_port, workspace


@pytest.fixture(scope="session")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Make a workspace to copy, its database in var/."""
    root = tmp_path_factory.mktemp("approved")
    port = free_port()
    workspace(root, port)
    scene = Scene(root, f"sqlite:///{root}/var/newsletter.db", port)
    approve(scene)
    return scene


@pytest.fixture(scope="session")
def approved_on_postgres(approved: Scene, postgres: str) -> str:
    """Make a PostgreSQL database to copy, and return its name."""
    name = "template_faults"
    server.execute(postgres, f"CREATE DATABASE {name}")
    approve(Scene(approved.root, server.named(postgres, name), approved.port))
    return name


@pytest.fixture
def sqlite_scene(approved: Scene, tmp_path: Path) -> Scene:
    """Copy the workspace with its SQLite database."""
    root = tmp_path / "press"
    shutil.copytree(approved.root, root)
    return Scene(root, f"sqlite:///{root}/var/newsletter.db", approved.port)


@pytest.fixture
def postgres_scene(sqlite_scene: Scene, postgres: str, approved_on_postgres: str) -> Iterator[Scene]:
    """Copy the workspace and the PostgreSQL database."""
    name = f"faults_{uuid4().hex}"
    server.copy(postgres, approved_on_postgres, name)
    yield Scene(sqlite_scene.root, server.named(postgres, name), sqlite_scene.port)
    server.execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """Make a scene over each database in turn."""
    scene: Scene = request.getfixturevalue(f"{request.param}_scene")
    return scene
