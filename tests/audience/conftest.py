"""What the tests of lists share: the sample workspace's settings, and an importer on a real database."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.audience.lists import Importer
from newsletter.config import Settings, read_settings
from newsletter.links import Signer


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Read the settings of the sample workspace."""
    return read_settings(Path(__file__).parents[2])


@pytest.fixture
def importer(engine: Engine, settings: Settings) -> Importer:
    """Import into a new database."""
    return Importer(engine, settings, Signer(b"0123456789abcdef"))
