"""A workspace of three items and four readers, its preview, and a browser to look at it with."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from newsletter.services import open_workspace
from newsletter.web.preview.app import create_preview
from newsletter.web.preview.proofs import Proofs
from newsletter.web.preview.reload import Watch
from tests.databases import new_database
from tests.web.preview.sample import ISSUE, ITEMS, READERS, subscribe

ROOT = Path(__file__).parents[3]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with an issue."""
    root = tmp_path / "workspace"
    items = root / "issues/2025-02-14/items"
    items.mkdir(parents=True)
    shutil.copy(ROOT / "newsletter.yaml", root)
    shutil.copy(ROOT / "logo.png", root)
    (root / "issues/2025-02-14/issue.yaml").write_text(ISSUE, encoding="utf-8")
    for name, (title, section) in ITEMS.items():
        link = f"link: https://auc.org.ua/{name}"
        text = f"---\ntitle: {title}\nsection: {section}\n{link}\n---\n\nТекст новини {name}.\n"
        (items / f"{name}.md").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def proofs(workspace: Path) -> Iterator[Proofs]:
    """Open the workspace, its four readers in the database."""
    new_database(workspace / "var/newsletter.db")
    context = open_workspace(workspace)
    for number, (email, section) in enumerate(READERS.items(), 1):
        subscribe(context.database, number, email, section)
    yield Proofs(context)
    context.database.dispose()


@pytest.fixture
def app(proofs: Proofs) -> Iterator[Flask]:
    """Return the preview."""
    with Watch(proofs.folders) as watch:
        yield create_preview(proofs, watch)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Ask the preview without a network."""
    return app.test_client()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Serve the preview on a free port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open pages of the preview; options are those of a browser context."""
    contexts = []

    def open_page(path: str, **options: object) -> Page:
        context = browser.new_context(**{"locale": "en", **options})  # type: ignore[arg-type]  # its own names
        contexts.append(context)
        page = context.new_page()
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
