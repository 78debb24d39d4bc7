"""A workspace on the sample's settings, its public site, and its database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from newsletter.services import Workspace, open_workspace
from newsletter.web.readers.app import create_site
from tests.databases import new_database

ROOT = Path(__file__).parents[3]


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Workspace]:
    """Open an empty workspace with the sample's settings, on SQLite."""
    root = tmp_path / "workspace"
    root.mkdir()
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    new_database(root / "var/newsletter.db")
    found = open_workspace(root)
    yield found
    found.database.dispose()


@pytest.fixture
def site(context: Workspace) -> Flask:
    """Return the public site."""
    return create_site(context)


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    """Ask the site without a network."""
    return site.test_client()
