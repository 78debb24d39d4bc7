"""A workspace that is open for long: settings, logo and theme are those that its files have now."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

from newsletter.config import FILE, Settings, read_settings
from newsletter.errors import ConfigError, Problem, log_text
from newsletter.render.theme import SHIPPED
from newsletter.services import Workspace, theme_folders
from newsletter.stamp import stamp
from newsletter.store.notices import listen

AT_START = ("base_url", "serve")
"""Settings that a program reads when it starts: where it listens, and which addresses it answers to."""

_LETTERS = "mail"
"""The folder of the letters' own templates."""
_log = logging.getLogger(__name__)


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
        if workspace.read_from in (None, stamp([workspace.root / FILE])):
            workspace.look = workspace.look or stamp(watched(workspace))
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
