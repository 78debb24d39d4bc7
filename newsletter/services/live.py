"""A workspace that is open for long: its settings are read anew whenever newsletter.yaml changes."""

from collections.abc import Sequence
from threading import Lock

from newsletter.config import FILE, read_settings
from newsletter.errors import ConfigError, Problem
from newsletter.services import Workspace


class LiveWorkspace:
    """Gives the workspace as its newsletter.yaml is now; the database and the signer stay the same.

    While newsletter.yaml has faults, the settings before them hold, and `problems` has the faults.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._shared = workspace.database, workspace.signer
        self._workspace = workspace
        self._lock = Lock()
        self._stamp: tuple[int, int, int] | None = None  # the file may have changed since it was read
        self.problems: Sequence[Problem] = ()

    def current(self) -> Workspace:
        """Return the workspace with the settings of now."""
        if self._stat() != self._stamp:
            with self._lock:
                stamp = self._stat()
                self._reread()
                self._stamp = stamp
        return self._workspace

    def _reread(self) -> None:
        try:
            settings = read_settings(self._workspace.root)
        except ConfigError as error:
            self.problems = error.problems
            return
        self.problems = ()
        if settings != self._workspace.settings:
            fresh = Workspace(self._workspace.root, settings)
            fresh.database, fresh.signer = self._shared
            self._workspace = fresh

    def _stat(self) -> tuple[int, int, int]:
        try:
            found = (self._workspace.root / FILE).stat()
        except OSError:
            return (0, 0, 0)
        return found.st_mtime_ns, found.st_size, found.st_ino
