"""Who edited an issue last, by the journal and by git, and who may therefore approve it."""

import os
import subprocess
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from newsletter.compose.issuefile import folder_of
from newsletter.services import journal
from newsletter.store.db import timestamp

if TYPE_CHECKING:
    from newsletter.services import Workspace

_SECONDS = 5


class Person(NamedTuple):
    """A name and a mail address; either may be empty."""

    name: str
    address: str = ""

    @property
    def shown(self) -> str:
        """The name, or the address of someone without one."""
        return self.name or self.address


def last_editor(workspace: "Workspace", closing: date) -> Person | None:
    """Return who changed the files of issue `closing` last, or None where that is not known.

    The desk's journal tells of changes there, git's history of all that were committed: the later one counts.
    """
    entry = journal.last_edit(workspace, closing.isoformat())
    at_desk = (entry.at, Person(entry.name, entry.address)) if entry else ("", None)
    committed = _by_git(workspace, closing)
    return max(at_desk, committed, key=itemgetter(0))[1]


def _by_git(workspace: "Workspace", closing: date) -> tuple[str, Person | None]:
    """Return when the last change was committed, and by whom; changes that are not committed are nobody's."""
    folder = folder_of(closing)
    found = None
    if (workspace.root / ".git").exists() and not _git(workspace, "status", "--porcelain", "--", folder):
        found = _git(workspace, "log", "-1", "--format=%at%x00%an%x00%ae", "--", folder)
    if not found:
        return "", None
    seconds, name, address = found.strip().split("\0")
    known = workspace.settings.editor(address)
    at = timestamp(datetime.fromtimestamp(int(seconds), UTC))
    return at, Person(known.name if known else name, address)


def may_approve(workspace: "Workspace", closing: date, by: str) -> bool:
    """Return whether `by`, a name or an address, may approve the issue.

    With `approval: two` in newsletter.yaml nobody approves what they edited last.
    """
    if workspace.settings.approval == "one":
        return True
    last = last_editor(workspace, closing)
    return last is None or not _names(workspace, by) & _names(workspace, last.name, last.address)


def _names(workspace: "Workspace", *words: str) -> set[str]:
    """Return the words as git would compare them, and name and address of the editors that they mean."""
    given = set(filter(None, map(_plain, words)))
    for editor in workspace.settings.editors:
        own = set(filter(None, map(_plain, (editor.name, editor.address))))
        if own & given:
            given |= own
    return given


def _plain(name: str) -> str:
    """Return a name in one case and without the marks that git removes from its ends."""
    return name.casefold().strip(" .,:;<>\"'\\")


def _git(workspace: "Workspace", *words: str) -> str | None:
    """Return what git prints, or None where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603  words of our own, and a folder after --
            ["git", *words],  # noqa: S607  whichever git is installed
            cwd=workspace.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
