"""A workspace on the sample's settings with an issue, and its desk for one person."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from newsletter.services import Workspace, open_workspace
from newsletter.services.editors import whoever_is_here
from newsletter.web.desk.app import create_desk
from tests.databases import new_database
from tests.web.test_accessibility import write_issue


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with an issue of three items and no readers, on SQLite, its logo scaled: to copy."""
    root = tmp_path_factory.mktemp("prepared")
    write_issue(root)
    new_database(root / "var/newsletter.db")
    open_workspace(root).logo  # noqa: B018  which takes a child process
    return root


@pytest.fixture
def context(tmp_path: Path, prepared: Path) -> Iterator[Workspace]:
    """Open a copy of the prepared workspace."""
    root = tmp_path / "workspace"
    shutil.copytree(prepared, root)
    found = open_workspace(root)
    yield found
    found.database.dispose()


@pytest.fixture
def desk(context: Workspace) -> Flask:
    """Return the desk of one person, who may do everything."""
    return create_desk(context, single=whoever_is_here(context))


@pytest.fixture
def client(desk: Flask) -> FlaskClient:
    """Ask the desk without a network."""
    return desk.test_client()
