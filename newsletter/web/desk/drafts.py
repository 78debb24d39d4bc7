"""Issues as their files are now, kept between requests: outlines, and editions rendered when looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from threading import RLock

from flask import current_app

from newsletter.compose.issuefile import folder_of
from newsletter.errors import ContentError, Problem
from newsletter.model import Block, Edition, Item
from newsletter.recipes import Separate
from newsletter.render.edition import Editions
from newsletter.services import Workspace
from newsletter.services.editing.outline import Outline, read_outline
from newsletter.services.editing.presence import Presence
from newsletter.services.editing.readers import ReaderCounts
from newsletter.services.proof import Proof
from newsletter.stamp import stamp
from newsletter.web.preview.proofs import Sheet, Snapshot

_KEPT = 4
_DIGITS = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An issue at one moment; without issue.yaml that can be read there are only `faults`."""

    stamp: str
    outline: Outline | None
    snapshot: Snapshot | None
    faults: Sequence[Problem] = ()


class Drafts:
    """A small cache of drafts, and what else the pages of an issue share."""

    def __init__(self) -> None:
        self.counts = ReaderCounts()
        self.presence = Presence()
        self._kept: dict[date, tuple[Workspace, Draft]] = {}
        self._lock = RLock()

    def stamp(self, workspace: Workspace, closing: date) -> str:
        """Return a fingerprint of all files that the issue and its look are made of."""
        return f"{workspace.look}{stamp([workspace.root / folder_of(closing)])}"

    def of(self, workspace: Workspace, closing: date) -> Draft:
        """Return the issue as it is now. Raises StoreError."""
        with self._lock:
            now = self.stamp(workspace, closing)
            kept = self._kept.pop(closing, None)
            if kept is None or kept[0] is not workspace or kept[1].stamp != now:
                kept = workspace, self._read(workspace, closing, now)
            self._kept[closing] = kept
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
            return kept[1]

    def _read(self, workspace: Workspace, closing: date, now: str) -> Draft:
        try:
            outline = read_outline(workspace, closing)
        except ContentError as error:
            return Draft(stamp=now, outline=None, snapshot=None, faults=error.problems)
        issue = outline.issue
        editions = Editions(issue)
        tally = self.counts.tally(workspace, issue, workspace.now())
        whole = editions.whole()
        proof = Proof(
            issue=issue,
            editions=editions,
            tally=tally or ([(whole, 0)] if whole else []),
            without=0,
            pages=Separate([]),
            problems=[],
            own=outline.reading,
        )
        snapshot = Snapshot(workspace, now, proof)
        return Draft(stamp=now, outline=outline, snapshot=snapshot)


def drafts() -> Drafts:
    """Return the drafts of this application."""
    found: Drafts = current_app.extensions.setdefault("drafts", Drafts())
    return found


def sheet_of(draft: Draft, item: Item) -> Sheet | None:
    """Return the sheet of an edition that holds one item alone, as it is or as it is being typed."""
    if draft.outline is None or draft.snapshot is None:
        return None
    issue, sections = draft.outline.issue, draft.outline.folder.sections
    home = (block.section for block in issue.blocks if item.id in {one.id for one in block.items})
    block = Block(section=next(home, sections[item.sections[0]]), items=(item,))
    alone = replace(issue, blocks=(block,))
    key = key_of(item.id, f"{hash(alone) & _DIGITS:x}")
    return draft.snapshot.sheet(Edition(key=key, blocks=(block,)), alone)


def key_of(item: str, mark: str) -> str:
    """Return the key of an edition that holds one item alone; `mark` tells what that looks like."""
    return f"item {mark} {item}"
