"""Cached snapshots of issues, rebuilt only when one of their files has changed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import RLock

from newsletter.checks.findings import findings
from newsletter.checks.lines import lines_under
from newsletter.compose.issuefile import FOLDER, folder_of
from newsletter.config import FILE, read_settings
from newsletter.errors import Problem
from newsletter.model import Edition, Rendered, Subscriber
from newsletter.services import Workspace, theme_folders
from newsletter.store import people
from newsletter.store.db import reading
from newsletter.web.preview.reload import stamp

_KEPT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One edition: its page, None where it cannot be rendered, and the findings that concern it."""

    edition: Edition
    page: Rendered | None
    problems: Sequence[Problem]


class Snapshot:
    """One issue at one moment. Raises NewsletterError where its files do not make one."""

    def __init__(self, workspace: Workspace, closing: date, stamp: str) -> None:
        self.workspace = workspace
        self.stamp = stamp
        self.at = workspace.now()
        self.proof = workspace.proof(closing)
        self.names = names(edition for edition, _ in self.proof.tally)
        _, self._own = workspace.issue(closing)
        self._locate = lines_under(workspace.root)
        self._sheets: dict[str, Sheet] = {}
        self._lock = RLock()

    def sheet(self, edition: Edition) -> Sheet:
        """Return `edition` rendered and checked by itself, without what is wrong with others' items."""
        with self._lock:
            if edition.key not in self._sheets:
                self._sheets[edition.key] = self._make(edition)
            return self._sheets[edition.key]

    def _make(self, edition: Edition) -> Sheet:
        workspace, issue = self.workspace, self.proof.issue
        pages, problems = findings(
            issue, self._own, [edition], workspace.renderer, workspace.settings, locate=self._locate
        )
        everywhere = {item.at.path for block in issue.blocks for item in block.items}
        others = everywhere - {item.at.path for item in edition.items}
        return Sheet(
            edition=edition,
            page=next(iter(pages), None),
            problems=[problem for problem in problems if not (problem.at and problem.at.path in others)],
        )

    def reader(self, email: str) -> Subscriber | None:
        """Return the reader with this address, if there is one."""
        with reading(self.workspace.readable) as connection:
            return people.reader(connection, email)


class Proofs:
    """The snapshots of a workspace, the last few of them kept; they share its database and its signer."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        # A secret is made where there is none yet: here, so that looking at a page writes nothing.
        self._shared = workspace.reader, workspace.signer
        self._themes = tuple(dict.fromkeys(theme_folders(workspace.root)))
        self._kept: dict[date, Snapshot] = {}
        self._lock = RLock()

    @property
    def folders(self) -> list[Path]:
        """Where issues and themes lie."""
        return [self.workspace.root / FOLDER, *self._themes]

    def stamp(self, closing: date | None) -> str:
        """Return a mark that changes with whatever the issue, or without `closing` any issue, is made of."""
        root = self.workspace.root
        folder = root / (folder_of(closing) if closing else FOLDER)
        return stamp([root / FILE, folder, *self._themes, *self._database()])

    def _database(self) -> list[Path]:
        path = self._shared[0].path
        return [Path(f"{path}{end}") for end in ("", "-wal")] if path else []

    def of(self, closing: date) -> Snapshot:
        """Return the issue as its files are now. Raises NewsletterError where they do not make one."""
        with self._lock:
            now = self.stamp(closing)
            snapshot = self._kept.pop(closing, None)
            if snapshot is None or snapshot.stamp != now:
                self._reopen()
                snapshot = Snapshot(self.workspace, closing, now)
            self._kept[closing] = snapshot
            if len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
            return snapshot

    def _reopen(self) -> None:
        """Read newsletter.yaml and the theme anew."""
        fresh = Workspace(self.workspace.root, read_settings(self.workspace.root))
        fresh.reader, fresh.signer = self._shared
        self.workspace = fresh


def names(editions: Iterable[Edition]) -> Mapping[str, str]:
    """Return a name for each edition, by key, that an edit of its items leaves as it is: `top.social`.

    Where several show the same sections but other items, the second is `top.social~2`.
    """
    counted: Counter[str] = Counter()
    found = {}
    for edition in sorted(editions, key=lambda edition: [item.id for item in edition.items]):
        name = ".".join(edition.sections)
        counted[name] += 1
        found[edition.key] = name if counted[name] == 1 else f"{name}~{counted[name]}"
    return found
