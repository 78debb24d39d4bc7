"""The workspace and the objects that work on it: settings, database, templates, keys, transport.

Not here: words for a terminal (newsletter/cli), pages (newsletter/web), SQL (newsletter/store).
"""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter import private
from newsletter.compose.issuefile import load_issue, newest_issue
from newsletter.config import FILE, Settings, find_root, place_of, read_settings
from newsletter.config.secrets import secret
from newsletter.errors import ConfigError, ContentError, Message, Problem
from newsletter.links import Signer, signer
from newsletter.model import Image, Issue
from newsletter.names import CorrectionName, IssueName, read_name
from newsletter.stamp import stamp
from newsletter.yamlfile import nearest

if TYPE_CHECKING:
    from sqlalchemy import URL, ColumnElement, Engine

    from newsletter.ports import Transport
    from newsletter.render.renderer import Renderer
    from newsletter.sending.deliver import Run
    from newsletter.sending.ways import Ways
    from newsletter.services.proof import Proof
    from newsletter.store.issues import Frozen
    from newsletter.store.readonly import ReadOnlyDatabase
    from newsletter.transport.dkim import DomainSigner


def open_workspace(folder: Path) -> "Workspace":
    """Open the workspace at or above `folder`. Raises ConfigError."""
    root = find_root(folder.resolve())
    read_from = stamp([root / FILE])
    return Workspace(root, read_settings(root), read_from)


def theme_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders to search for themes: the workspace's, then the program's own."""
    package = Path(__file__).parent.parent
    shipped = package / "templates"  # in a wheel; in a checkout they are the repository's own
    return (root / "templates", shipped if shipped.is_dir() else package.parent / "templates")


class Workspace:
    """A workspace and the objects that work on it, each created when first used."""

    def __init__(self, root: Path, settings: Settings, read_from: str | None = None) -> None:
        self.root = root
        self.settings = settings
        self.read_from = read_from
        """The stamp of newsletter.yaml before these settings were read from it; None if they were not."""
        self.look = ""
        """A fingerprint of the settings and the theme it was opened with, where they may change meanwhile."""

    @property
    def var(self) -> Path:
        """The folder for generated data: database, outbox, rendered pages."""
        return self.root / "var"

    @cached_property
    def database(self) -> "Engine":
        """The database, its schema upgraded. Raises StoreError."""
        from newsletter.store.db import open_database
        from newsletter.store.notices import listen

        found = open_database(self.address)
        listen(found, self.settings.told)
        self._close_var()
        return found

    @cached_property
    def reader(self) -> "ReadOnlyDatabase":
        """Opens the database for reading only."""
        from newsletter.store.readonly import ReadOnlyDatabase

        return ReadOnlyDatabase(self.address)

    @property
    def readable(self) -> "Engine":
        """The database for reading only: it is not created, upgraded or locked. Raises StoreError."""
        return self.database if "database" in self.__dict__ else self.reader.engine

    @property
    def address(self) -> "str | URL":
        """The database's URL: NEWSLETTER_DATABASE, else a file in `var`."""
        from newsletter.store.database_url import sqlite_url

        return secret("NEWSLETTER_DATABASE") or sqlite_url(self.var / "newsletter.db")

    @property
    def has_database(self) -> bool:
        """Whether there may be a database; without one, what reads it need not even be imported."""
        file = self.var / "newsletter.db"
        absent = not self.var.exists() or (self.var.is_dir() and not file.exists())
        return bool(secret("NEWSLETTER_DATABASE")) or not absent

    def _close_var(self) -> None:
        """Restrict `var`, if it exists, to its owner; code that creates it does so at once."""
        if self.var.is_dir():
            with suppress(OSError):
                private.own_folder(self.var)

    @cached_property
    def signer(self) -> Signer:
        """Makes and verifies the signed links in mail."""
        self._close_var()
        return signer(secret("NEWSLETTER_SECRET"), self.var / "secret")

    @cached_property
    def dkim(self) -> "DomainSigner | None":
        """The DKIM signer, if newsletter.yaml sets one. Raises ConfigError if key or settings are missing."""
        key, dkim = secret("NEWSLETTER_DKIM_KEY"), self.settings.dkim
        if dkim is None and key is None:
            return None
        if dkim is None:
            raise ConfigError(
                "NEWSLETTER_DKIM_KEY is set, but newsletter.yaml has no `dkim` section",
                Message(
                    "Add `dkim: {selector: s1, domain: %(domain)s}`, or unset the key.",
                    domain=self.settings.sender.domain,
                ),
            )
        if key is None:
            raise ConfigError(
                "newsletter.yaml asks for DKIM signatures (dkim), but there is no key",
                "Name the private key's file in NEWSLETTER_DKIM_KEY_FILE; see docs/operating.md.",
            )
        from newsletter.transport.dkim import domain_signer

        return domain_signer(key, dkim.domain, dkim.selector)

    @cached_property
    def renderer(self) -> "Renderer":
        """Renders editions in the configured theme."""
        from newsletter.render.renderer import Renderer

        return Renderer(self.settings, theme_folders(self.root), self.logo)

    @cached_property
    def letter_problems(self) -> Sequence[Problem]:
        """The faults of the workspace's own letters."""
        from newsletter.checks.findings import as_problem
        from newsletter.render.letter import letter_faults

        return [as_problem(fault) for fault in letter_faults(self.settings, theme_folders(self.root))]

    @cached_property
    def theme_problems(self) -> Sequence[Problem]:
        """The faults of the MJML of the configured theme, and of letters in it."""
        from newsletter.checks.mjml_lint import of_theme

        return of_theme(self.settings.theme, theme_folders(self.root), self.settings.brand.palette)

    @cached_property
    def logo(self) -> "Image | None":
        """The brand's logo, ready to be shown. Raises ConfigError when its file cannot be used."""
        if not self.settings.brand.logo:
            return None
        from newsletter.pictures.prepare import LOGO, Prepared, prepare

        file = self.root / self.settings.brand.logo
        made = prepare([file], self.var / "pictures", widest=LOGO)[file]
        if isinstance(made, Prepared):
            return made.image
        at = place_of(self.root, ("brand", "logo"))
        text = f"brand.logo: {self.settings.brand.logo} {made.text}"
        raise ConfigError([Problem.error(text, at, made.hint)])

    def closing(self, given: date | None) -> date:
        """Return `given`, or the newest issue's closing date. Raises ContentError when there is none."""
        return given or newest_issue(self.root)

    def issue(self, closing: date) -> tuple[Issue, Sequence[Problem]]:
        """Read the composed issue and its problems. Raises ContentError when it cannot be read."""
        return load_issue(self.root, closing, self.settings)

    def proof(self, closing: date) -> "Proof":
        """Render and check every edition that readers need; without readers, the one with all sections."""
        from newsletter.services.proof import prove

        return prove(self, closing)

    def sources(self, issue: IssueName) -> dict[str, str]:
        """Return the sha256 of every file that `issue` is made from, by its path in the workspace.

        A letter with a correction has none: it is approved as soon as it is made.
        """
        from newsletter.render.theme import SHIPPED

        if isinstance(issue, CorrectionName):
            return {}
        folder = self.root / "issues" / issue.isoformat()
        files = {
            "newsletter.yaml": self.root / "newsletter.yaml",
            f"issues/{folder.name}/issue.yaml": folder / "issue.yaml",
            **{
                f"issues/{folder.name}/{path.parent.name}/{path.name}": path
                for pattern in ("items/*.md", "pictures/*")
                for path in folder.glob(pattern)
                if path.is_file() and not path.name.startswith(".")  # as file managers leave behind
            },
            **{
                f"templates/{path.relative_to(root).as_posix()}": path
                for root in reversed(theme_folders(self.root))  # the workspace's own files come before
                for theme in (self.settings.theme, SHIPPED)
                for path in (root / theme).rglob("*")
                if path.is_file()
            },
        }
        if self.settings.brand.logo:
            files[self.settings.brand.logo] = self.root / self.settings.brand.logo
        return {
            name: sha256(files[name].read_bytes()).hexdigest()
            for name in sorted(files)
            if files[name].is_file()  # issue.yaml may not be there yet, or no longer
        }

    def has_items(self, issue: IssueName) -> bool:
        """Return whether `issue` has any item files."""
        return any((self.root / "issues" / issue.isoformat()).glob("items/*.md"))

    def segment(self, name: str) -> "ColumnElement[bool]":
        """Return segment `name` as a condition over subscribers. Raises ContentError when it is unknown."""
        from newsletter.audience.segments import load_segments, where

        segments, problems = load_segments(self.root, self.settings)
        if problems:
            raise ContentError(problems)
        if name not in segments:
            raise ContentError(Message("no segment is named %(name)r", name=name), nearest(name, segments))
        return where(segments[name].condition)

    def transport(self, name: str, issue: IssueName, *, folder: str = "") -> "Transport":
        """Return the transport of the way `name`, as newsletter.yaml and the environment set it up.

        One that writes files does so in `var`, in the folder of its name, or in `folder` inside that. Raises
        ConfigError when there is no such way, or it is not set up.
        """
        from newsletter.config.secrets import secrets_of
        from newsletter.transport import Files, describe

        files = Files(folder=self.var / name / folder, prefix=issue.isoformat())
        transport, settings = self.settings.way(name)
        with secrets_of(name if transport != name else ""):
            return describe(transport).make(settings, files)

    def ways(self, order: str, issue: IssueName, *, folder: str = "") -> "Ways":
        """Return the ways of mail sent by `order`, which names one or several. Raises as `transport`."""
        from newsletter.sending.ways import Way, Ways

        caps = self.settings.pace.per_day
        names, routes = self.settings.orders(order)
        return Ways(
            {
                name: Way(name, self.transport(name, issue, folder=folder), caps.get(name, ()))
                for name in self.settings.all_ways(order)
            },
            names,
            routes,
        )

    def message_id(self, subscriber: int, issue: IssueName) -> str:
        """Return the Message-ID of a delivery."""
        from newsletter.sending.personal import message_id

        domain = self.settings.sender.address.rpartition("@")[2]
        return message_id(self.signer, subscriber, issue, domain)

    def run(
        self,
        frozen: "Frozen",
        *,
        where: "ColumnElement[bool] | None" = None,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> "Run":
        """Return this process's run of `frozen`, an issue that has been started.

        Raises ConfigError when one of its ways is not set up, and StoreError.
        """
        from newsletter.sending.deliver import Run
        from newsletter.sending.work import Plan
        from newsletter.sending.writers import Writers
        from newsletter.services.disk import insist_on_room

        insist_on_room(self)
        pace = self.settings.pace
        ways = self.ways(frozen.transport, read_name(frozen.name))
        limits = {f"run:{frozen.name}": pace.run, **{f"relay:{name}": pace.relay for name in ways.all}}
        limits |= {f"domain:{domain}": rate for domain, rate in pace.domains.items()}

        return Run(
            Plan(
                engine=self.database,
                name=frozen.name,
                writers=Writers(self.database, frozen.envelope, self.signer, self.dkim),
                ways=ways,
                worker=f"{socket.gethostname()}:{os.getpid()}",
                clock=self.clock(),
                begun_at=datetime.fromisoformat(frozen.begun_at),
                progress=progress,
                rates={scope: rate for scope, rate in limits.items() if rate},
                where=where,
            )
        )

    def local(self, at: datetime | str) -> datetime:
        """Return a moment, or one as the database has it, in the workspace's time zone."""
        when = datetime.fromisoformat(at) if isinstance(at, str) else at
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        return aware.astimezone(ZoneInfo(self.settings.timezone)).replace(microsecond=0)

    @staticmethod
    def now() -> datetime:
        """Return the current time in UTC."""
        return Workspace.clock()()

    @staticmethod
    def clock() -> Callable[[], datetime]:
        """Return a function that returns the current time in UTC; NEWSLETTER_NOW fixes it for tests."""
        if fixed := os.environ.get("NEWSLETTER_NOW"):
            return partial(datetime.fromisoformat, fixed)
        return partial(datetime.now, UTC)
