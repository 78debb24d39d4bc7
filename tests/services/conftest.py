"""What tests of services share: the sample, and workspaces of its settings alone, on either database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.services import Workspace, open_workspace
from tests.sample import ROOT, sample

BEFORE = "2025-02-14T13:00:00+00:00"


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Open the sample without readers, an hour before its weekly hour."""
    for variable in ("NEWSLETTER_DATABASE", "NEWSLETTER_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NEWSLETTER_NOW", BEFORE)
    with sample() as workspace:
        yield workspace


@pytest.fixture
def press(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Open a workspace of nothing but the sample's settings."""
    for variable in ("NEWSLETTER_DATABASE", "NEWSLETTER_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NEWSLETTER_NOW", BEFORE)
    root = tmp_path / "press"
    root.mkdir()
    for name in ("newsletter.yaml", "logo.png"):
        shutil.copy(ROOT / name, root)
    workspace = open_workspace(root)
    yield workspace
    workspace.database.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, press: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Open such a workspace on each kind of database in turn."""
    if request.param == "postgres":
        engine: Engine = request.getfixturevalue("postgres_engine")
        monkeypatch.setenv("NEWSLETTER_DATABASE", engine.url.render_as_string(hide_password=False))
    return press
