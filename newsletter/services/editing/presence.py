"""Who is editing what just now: said to others, never a lock, and forgotten after a minute."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

LASTING = 60.0
"""Seconds; an open page says that it is there three times in that time."""
_MOST = 1000


class Presence:
    """The editors of each file, in this process's memory."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], float] = {}
        self._lock = Lock()

    def say(self, path: str, editor: str) -> list[str]:
        """Note that `editor` has the file open; return the others who have."""
        with self._lock:
            now = self._clock()
            self._seen[path, editor] = now
            self._seen = {key: at for key, at in self._seen.items() if now - at < LASTING}
            for key in list(self._seen)[: max(0, len(self._seen) - _MOST)]:
                del self._seen[key]
            return sorted(who for file, who in self._seen if file == path and who != editor)

    def leave(self, path: str, editor: str) -> None:
        """Forget that `editor` has the file open."""
        with self._lock:
            self._seen.pop((path, editor), None)

    def all(self) -> dict[str, list[str]]:
        """Return the editors of every file that is open."""
        with self._lock:
            now = self._clock()
            found: dict[str, list[str]] = {}
            for (file, who), at in self._seen.items():
                if now - at < LASTING:
                    found.setdefault(file, []).append(who)
            return found
