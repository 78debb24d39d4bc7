"""What tests of several folders share: databases and relays, all real and all on loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.store.db import open_database
from tests.relay import Relay, running


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Open a new SQLite database."""
    engine = open_database(f"sqlite:///{tmp_path / 'newsletter.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def start_relay() -> Iterator[Callable[[Relay], Relay]]:
    """Start relays that stop with the test."""
    with ExitStack() as stack:
        yield lambda relay: stack.enter_context(running(relay))
