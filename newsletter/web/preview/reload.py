"""Live reload: watch files, and wake whoever waits for a change."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from watchfiles import watch

from newsletter.web.waiting import Bell

_GATHER, _QUIET = 50, 10
"""Milliseconds: changes are gathered until none has come for the second, for the first at most."""


class Watch(Bell):
    """Rings at every change in `folders`."""

    def __init__(self, folders: Iterable[Path]) -> None:
        super().__init__()
        self._folders = tuple(folders)
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Start watching."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching and release all waiting requests."""
        self.close()
        self._thread.join()

    def _run(self) -> None:
        folders = [folder for folder in self._folders if folder.is_dir()]
        with suppress(OSError):  # the system's limit of watches is reached: the pulse has to do
            for _ in watch(
                *folders, debounce=_GATHER, step=_QUIET, stop_event=self._closed, raise_interrupt=False
            ):
                self.ring()
