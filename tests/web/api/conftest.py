"""A workspace with a composed issue, a sent one and a reader, its API, and programs with tokens."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from newsletter.scopes import Scope
from newsletter.services import Workspace, open_workspace, tokens
from newsletter.web.api.app import create_api
from tests.databases import new_database
from tests.web.desk import house
from tests.web.readers.people import NOW, subscribe
from tests.web.test_accessibility import write_issue

DRAFT, SENT = "2025-02-14", "2025-02-07"

Program = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace with two issues and a reader, on SQLite."""
    root = tmp_path_factory.mktemp("filled")
    write_issue(root)
    new_database(root / "var/newsletter.db")
    workspace = open_workspace(root)
    subscribe(workspace, name="Олена Бондар")
    house.begin(workspace, date.fromisoformat(SENT), like=DRAFT)
    workspace.database.dispose()
    return root


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory, filled: Path) -> Iterator[Workspace]:
    """Open a copy of that workspace, for the tests of one module."""
    root = tmp_path_factory.mktemp("press") / "workspace"
    shutil.copytree(filled, root)
    workspace = open_workspace(root)
    yield workspace
    workspace.database.dispose()


@pytest.fixture(scope="module")
def api(press: Workspace) -> Flask:
    """Return its API."""
    return create_api(press)


@pytest.fixture(scope="module")
def program(press: Workspace, api: Flask) -> Program:
    """Return programs with tokens of some scopes, or of all."""
    made: dict[tuple[str, ...], FlaskClient] = {}

    def program(*scopes: str) -> FlaskClient:
        if scopes not in made:
            name = " ".join(scopes)[:50] or "everything"
            text, _ = tokens.create(press, name, scopes or tuple(Scope), timedelta(days=9))
            made[scopes] = api.test_client()
            made[scopes].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
        return made[scopes]

    return program


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWSLETTER_DATABASE", raising=False)
    monkeypatch.setenv("NEWSLETTER_NOW", NOW.isoformat())
