"""One workspace put together. The only module that names concrete classes."""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.compose.issuefile import load_issue, newest_issue
from newsletter.config import Settings, find_root, read_settings, secret
from newsletter.errors import Problem
from newsletter.links import Signer, signer
from newsletter.model import Issue

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from newsletter.render.renderer import Renderer


def open_workspace(folder: Path) -> "Context":
    """Open the workspace at or above `folder`. Raises ConfigError."""
    root = find_root(folder.resolve())
    return Context(root, read_settings(root))


def theme_folders(root: Path) -> tuple[Path, ...]:
    """Return where themes are looked for: the workspace, then the ones that come with the program."""
    package = Path(__file__).parent
    shipped = package / "templates"  # in a wheel; in a checkout they are the repository's own
    return (root / "templates", shipped if shipped.is_dir() else package.parent / "templates")


class Context:
    """A workspace and what works on it, each part made when first used."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings

    @property
    def var(self) -> Path:
        """The folder for what is made: database, outbox, built pages."""
        return self.root / "var"

    @cached_property
    def database(self) -> "Engine":
        """The database, its schema up to date. Raises StoreError."""
        from newsletter.store.db import open_database

        return open_database(secret("NEWSLETTER_DATABASE") or f"sqlite:///{self.var / 'newsletter.db'}")

    @cached_property
    def signer(self) -> Signer:
        """Makes and reads the links in mail."""
        return signer(secret("NEWSLETTER_SECRET"), self.var / "secret")

    @cached_property
    def renderer(self) -> "Renderer":
        """Renders editions in the configured theme."""
        from newsletter.render.renderer import Renderer

        return Renderer(self.settings, theme_folders(self.root))

    def closing(self, given: date | None) -> date:
        """Return `given`, or the newest issue's closing date. Raises ContentError when there is none."""
        return given or newest_issue(self.root)

    def issue(self, closing: date) -> tuple[Issue, Sequence[Problem]]:
        """Read the composed issue and what is wrong with it. Raises ContentError when it cannot be read."""
        return load_issue(self.root, closing, self.settings)

    @staticmethod
    def now() -> datetime:
        """Return the present in UTC; tests set NEWSLETTER_NOW."""
        fixed = os.environ.get("NEWSLETTER_NOW")
        return datetime.fromisoformat(fixed) if fixed else datetime.now(UTC)
