"""A workspace that is open for long: settings, logo and theme are those that its files have now."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR
from threading import Lock

from newsletter.config import FILE, Settings, read_settings
from newsletter.errors import ConfigError, Problem, log_text
from newsletter.render.theme import SHIPPED
from newsletter.services import Workspace, theme_folders
from newsletter.store.notices import listen

AT_START = ("base_url", "serve")
"""Settings that a program reads when it starts: where it listens, and which addresses it answers to."""

_LETTERS = "mail"
"""The folder of the letters' own templates."""
_log = logging.getLogger(__name__)


def stamp(paths: Iterable[Path]) -> str:
    """Return a hash of the times and sizes of `paths` and all files below them, missing ones included."""
    digest = sha256()
    for path in paths:
        for file, status in _below(path):
            seen = f"{file}\0{status.st_mtime_ns}\0{status.st_size}\0{status.st_ino}\0"
            digest.update(seen.encode())
    return digest.hexdigest()[:16]


def _below(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield `path` and all files and folders below it; pathlib's rglob takes five times as long."""
    with suppress(OSError):
        status = path.stat()
        yield str(path), status
        if not S_ISDIR(status.st_mode):
            return
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(Path(entry.path))
            else:
                with suppress(OSError):
                    yield entry.path, entry.stat()


def settings_and_logo(workspace: Workspace) -> Sequence[Path]:
    """Return newsletter.yaml, and the file of the logo."""
    logo = workspace.settings.brand.logo
    return workspace.root / FILE, *([workspace.root / logo] if logo else [])


def look(workspace: Workspace) -> Sequence[Path]:
    """Return the files and folders that decide how mail looks: newsletter.yaml, logo, theme and letters."""
    names = dict.fromkeys((workspace.settings.theme, SHIPPED, _LETTERS))
    folders = (folder / name for folder in theme_folders(workspace.root) for name in names)
    return *settings_and_logo(workspace), *folders


class LiveWorkspace:
    """Gives the workspace as its files are now; the database and the signer stay the same.

    `watched` names the files that are looked at. While newsletter.yaml has faults, the settings before them
    hold, and `problems` has the faults.
    """

    def __init__(self, workspace: Workspace, watched: Callable[[Workspace], Sequence[Path]] = look) -> None:
        self._first = workspace.settings
        self._workspace = workspace
        self._watched = watched
        workspace.look = workspace.look or stamp(watched(workspace))  # it has just read them
        self._lock = Lock()
        self.problems: Sequence[Problem] = ()

    def current(self) -> Workspace:
        """Return the workspace with the settings and the look of now."""
        found = self._workspace
        if stamp(self._watched(found)) != found.look:
            with self._lock:
                now = stamp(self._watched(self._workspace))
                if now != self._workspace.look:
                    self._reopen(now)
                found = self._workspace
        return found

    @property
    def waiting(self) -> tuple[str, ...]:
        """The changed settings that hold from the next start of the program."""
        now: Settings = self._workspace.settings
        return tuple(name for name in AT_START if getattr(now, name) != getattr(self._first, name))

    def _reopen(self, now: str) -> None:
        """Read the settings, and let logo and theme be read when they are next wanted."""
        before = self._workspace
        settings, faults = before.settings, self.problems
        try:
            settings, self.problems = read_settings(before.root), ()
        except ConfigError as error:
            self.problems = error.problems
            if self.problems != faults:
                _log.warning("the settings before this hold until it is mended: %s", log_text(error))
        if settings != before.settings or (faults and not self.problems):
            _log.info("%s was changed, and is in use", FILE)
        fresh = Workspace(before.root, settings)
        fresh.database, fresh.signer = before.database, before.signer
        listen(fresh.database, settings.told)
        fresh.look = now
        self._workspace = fresh
        if faults != self.problems or settings != before.settings:
            for name in self.waiting:
                _log.warning("%s: %s was changed; it holds from the next start", FILE, name)
