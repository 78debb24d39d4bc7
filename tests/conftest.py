"""What tests of several folders share: databases and relays, all real and all on loopback."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from newsletter.store.db import open_database
from tests.databases import new_database
from tests.postgres import database, execute, named
from tests.postgres import running as running_server
from tests.relay import Relay, running

os.environ["NEWSLETTER_LANG"] = (
    "en"  # commands that tests start inherit it; what they print is asserted in English
)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in a shell's background: programs that tests start would not hear Ctrl-C either.
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("suite", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Run a PostgreSQL server, and give the address of a database with our schema to copy from."""
    with running_server() as server:
        yield server.get_uri()


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """Make a PostgreSQL database with our schema, and return its name."""
    execute(postgres, "CREATE DATABASE template_newsletter")
    open_database(named(postgres, "template_newsletter")).dispose()
    return "template_newsletter"


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """Open a new SQLite database."""
    new_database(tmp_path / "newsletter.db")
    engine = open_database(f"sqlite:///{tmp_path / 'newsletter.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(postgres: str, template: str) -> Iterator[Engine]:
    """Open a new PostgreSQL database."""
    with database(postgres, template) as engine:
        yield engine


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Open a new database, of each kind in turn."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture
def start_relay() -> Iterator[Callable[[Relay], Relay]]:
    """Start relays that stop with the test."""
    with ExitStack() as stack:
        yield lambda relay: stack.enter_context(running(relay))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium; while it runs, nothing else in this thread can have an event loop."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()
