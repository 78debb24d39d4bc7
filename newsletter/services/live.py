"""A workspace that is open for long: settings, logo and theme are those that its files have now."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock

from newsletter.config import FILE, read_settings
from newsletter.errors import ConfigError, Problem
from newsletter.render.theme import SHIPPED
from newsletter.services import Workspace, theme_folders

_LETTERS = "mail"
"""The folder of the letters' own templates."""


def stamp(paths: Iterable[Path]) -> str:
    """Return a hash of the times and sizes of `paths` and all files below them, missing ones included."""
    digest = sha256()
    for path in paths:
        with suppress(OSError):
            for file in (path, *sorted(path.rglob("*"))):
                status = file.stat()
                digest.update(f"{file}\0{status.st_mtime_ns}\0{status.st_size}\0".encode())
    return digest.hexdigest()[:16]


def look(workspace: Workspace) -> Sequence[Path]:
    """Return the files and folders that decide how mail looks: newsletter.yaml, logo, theme and letters."""
    root, settings = workspace.root, workspace.settings
    logo = [root / settings.brand.logo] if settings.brand.logo else []
    names = dict.fromkeys((settings.theme, SHIPPED, _LETTERS))
    return root / FILE, *logo, *(folder / name for folder in theme_folders(root) for name in names)


class LiveWorkspace:
    """Gives the workspace as its files are now; the database and the signer stay the same.

    While newsletter.yaml has faults, the settings before them hold, and `problems` has the faults.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._shared = workspace.database, workspace.signer
        self._workspace = workspace
        self._lock = Lock()
        self._stamp = ""  # the files may have changed since they were read
        self.problems: Sequence[Problem] = ()

    def current(self) -> Workspace:
        """Return the workspace with the settings and the look of now."""
        if stamp(look(self._workspace)) != self._stamp:
            with self._lock:
                now = stamp(look(self._workspace))
                if now != self._stamp:
                    self._reopen()
                    self._stamp = now
        return self._workspace

    def _reopen(self) -> None:
        """Read the settings, and let logo and theme be read when they are next wanted."""
        settings = self._workspace.settings
        try:
            settings, self.problems = read_settings(self._workspace.root), ()
        except ConfigError as error:
            self.problems = error.problems
        fresh = Workspace(self._workspace.root, settings)
        fresh.database, fresh.signer = self._shared
        self._workspace = fresh
