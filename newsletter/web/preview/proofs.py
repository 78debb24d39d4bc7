"""Cached snapshots of issues, rebuilt only when one of their files has changed."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from threading import RLock

from newsletter.checks.findings import findings, silenced
from newsletter.checks.lines import lines_under
from newsletter.compose.issuefile import FOLDER, folder_of
from newsletter.config import FILE, read_settings
from newsletter.errors import ConfigError, Problem, RenderError
from newsletter.model import Edition, Issue, Rendered, Subscriber
from newsletter.services import Workspace, theme_folders
from newsletter.services.proof import Proof
from newsletter.stamp import stamp
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.web.preview.letter import Letter

_KEPT = 4
_SHEETS = 200
"""Editions of one snapshot that are remembered, also those of an item while it is typed."""
_LETTERS = 8
"""Messages of one snapshot that are remembered: a page tells the size of one, and its frame shows it."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One edition; `page` is None if it cannot be rendered."""

    edition: Edition
    page: Rendered | None
    check: Callable[[], Sequence[Problem]]

    @cached_property
    def problems(self) -> Sequence[Problem]:
        """The findings, looked for when somebody asks: a page that shows the mail alone does not."""
        return self.check()


@dataclass(frozen=True, slots=True)
class _Made:
    """What a rendering gave, for checks that render."""

    made: Rendered | RenderError

    def render(self, _issue: Issue, _edition: Edition) -> Rendered:
        """Return it once more. Raises RenderError if it was one."""
        if isinstance(self.made, RenderError):
            raise self.made
        return self.made


class Snapshot:
    """An issue as its files were at one moment."""

    def __init__(self, workspace: Workspace, stamp: str, proof: Proof) -> None:
        self.workspace = workspace
        self.stamp = stamp
        self.at = workspace.now()
        self.proof = proof
        self.names = names(edition for edition, _ in self.proof.tally)
        self._locate = lines_under(workspace.root)
        self._sheets: dict[str, Sheet] = {}
        self._letters: dict[Hashable, Letter] = {}
        self._lock = RLock()

    def sheet(self, edition: Edition, issue: Issue | None = None) -> Sheet:
        """Render `edition`, of another `issue` if one is given; its findings are on what it shows."""
        with self._lock:
            found = self._sheets.pop(edition.key, None) or self._make(edition, issue or self.proof.issue)
            self._sheets[edition.key] = found
            while len(self._sheets) > _SHEETS:
                del self._sheets[next(iter(self._sheets))]
            return found

    def remembered(self, key: str) -> Sheet | None:
        """Return the sheet of the edition with this key, if it was rendered a short time ago."""
        return self._sheets.get(key)

    def _make(self, edition: Edition, issue: Issue) -> Sheet:
        try:
            page = self.render(issue, edition)
        except RenderError as error:
            return Sheet(edition=edition, page=None, check=partial(self._check, edition, error))
        return Sheet(edition=edition, page=page, check=partial(self._check, edition, page))

    def _check(self, edition: Edition, made: Rendered | RenderError) -> Sequence[Problem]:
        issue, own = self.proof.issue, self.proof.own
        _, problems = findings(
            issue, own, [edition], _Made(made), self.workspace.settings, locate=self._locate
        )
        problems, _ = silenced(issue, problems, own)
        everywhere = {item.at.path for block in issue.blocks for item in block.items}
        others = everywhere - {item.at.path for item in edition.items}
        return [problem for problem in problems if not (problem.at and problem.at.path in others)]

    def letter(self, key: Hashable, write: Callable[[], Letter]) -> Letter:
        """Return the message of `key`, written by `write` unless it was before: it is always the same."""
        with self._lock:
            found = self._letters.pop(key, None) or write()
            self._letters[key] = found
            while len(self._letters) > _LETTERS:
                del self._letters[next(iter(self._letters))]
            return found

    def render(self, issue: Issue, edition: Edition) -> Rendered:
        """Return `edition`, as the proof has it or rendered now. Raises RenderError."""
        return self.proof.page(edition) or self.workspace.renderer.render(issue, edition)

    def reader(self, email: str) -> Subscriber | None:
        """Return the reader with this address, if there is one."""
        with reading(self.workspace.readable) as connection:
            return people.reader(connection, email)


class Proofs:
    """A small cache of snapshots of a workspace, which share its database and signer."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        # A secret is made where there is none yet: here, so that looking at a page writes nothing.
        self._shared = workspace.reader, workspace.signer
        with suppress(ConfigError):  # the same for the logo; an unusable one is shown on the page
            workspace.logo  # noqa: B018  it is scaled and kept
        self._themes = tuple(dict.fromkeys(theme_folders(workspace.root)))
        self._kept: dict[date, Snapshot] = {}
        self._look = ""
        self._lock = RLock()

    @property
    def folders(self) -> list[Path]:
        """The folders of issues and themes, to watch for changes."""
        return [self.workspace.root / FOLDER, *self._themes]

    def stamp(self, closing: date | None) -> str:
        """Return a fingerprint of all files that the issue (or, without `closing`, any issue) is made of."""
        folder = self.workspace.root / (folder_of(closing) if closing else FOLDER)
        return stamp([*self._look_files(), folder, *self._database()])

    def _look_files(self) -> list[Path]:
        """Return newsletter.yaml, the logo, and the folders of themes and letters."""
        root, logo = self.workspace.root, self.workspace.settings.brand.logo
        return [root / FILE, *([root / logo] if logo else []), *self._themes]

    def _database(self) -> list[Path]:
        path = self._shared[0].path
        return [Path(f"{path}{end}") for end in ("", "-wal")] if path else []

    def of(self, closing: date) -> Snapshot:
        """Return a snapshot of the issue as it is now. Raises NewsletterError if its files are invalid."""
        with self._lock:
            now = self.stamp(closing)
            snapshot = self._kept.pop(closing, None)
            if snapshot is None or snapshot.stamp != now:
                self._reopen()
                snapshot = Snapshot(self.workspace, now, self.workspace.proof(closing))
            self._kept[closing] = snapshot
            if len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
            return snapshot

    def _reopen(self) -> None:
        """Reload newsletter.yaml and the theme if they have changed: to compile a theme takes long."""
        look = stamp(self._look_files())
        if look == self._look:
            return
        fresh = Workspace(self.workspace.root, read_settings(self.workspace.root))
        fresh.reader, fresh.signer = self._shared
        self.workspace, self._look = fresh, look


def names(editions: Iterable[Edition]) -> Mapping[str, str]:
    """Return stable names of editions by key, like `top.social`, which do not change when an item is edited.

    Of several editions with the same sections but different items, the second is `top.social~2`.
    """
    counted: Counter[str] = Counter()
    found = {}
    for edition in sorted(editions, key=lambda edition: [item.id for item in edition.items]):
        name = ".".join(edition.sections)
        counted[name] += 1
        found[edition.key] = name if counted[name] == 1 else f"{name}~{counted[name]}"
    return found
