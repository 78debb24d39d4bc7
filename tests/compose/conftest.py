"""The sample's settings, an empty workspace that has them, and the real digest."""

import shutil
from pathlib import Path

import pytest

from newsletter.config import Settings, read_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def settings() -> Settings:
    return read_settings(ROOT)


@pytest.fixture(scope="session")
def digest_file() -> Path:
    return ROOT / "tests/data/digest-2025-02-14.txt"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a folder with nothing but newsletter.yaml."""
    (tmp_path / "newsletter.yaml").write_bytes((ROOT / "newsletter.yaml").read_bytes())
    shutil.copy(ROOT / "logo.png", tmp_path)
    return tmp_path
