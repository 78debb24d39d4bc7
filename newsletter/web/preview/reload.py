"""Live reload: watch files and wait for a change."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Condition, Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from watchfiles import watch

_PULSE = 1.0
"""Polling interval in seconds, for the database and for file systems that cannot be watched."""


_GATHER, _QUIET = 50, 10
"""Milliseconds: changes are gathered until none has come for the second, for the first at most."""


class Watch:
    """Watches `folders` and wakes waiting requests on a change, until it is closed."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        self._closed = Event()
        self._stirred = Condition()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Start watching."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching and release all waiting requests."""
        self._closed.set()
        self._stir()
        self._thread.join()

    def wait(self, changed: Callable[[], bool], patience: float) -> bool:
        """Wait until `changed()` is true; return False after `patience` seconds or on close."""
        until = monotonic() + patience
        with self._stirred:
            while not changed():
                left = until - monotonic()
                if left <= 0 or self._closed.is_set():
                    return False
                self._stirred.wait(min(left, _PULSE))
        return True

    def _run(self) -> None:
        folders = [folder for folder in self._folders if folder.is_dir()]
        with suppress(OSError):  # the system's limit of watches is reached: the pulse has to do
            for _ in watch(
                *folders, debounce=_GATHER, step=_QUIET, stop_event=self._closed, raise_interrupt=False
            ):
                self._stir()

    def _stir(self) -> None:
        with self._stirred:
            self._stirred.notify_all()
