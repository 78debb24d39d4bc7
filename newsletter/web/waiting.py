"""Requests that wait for something to change, so that pages show it at once."""

from collections.abc import Callable
from threading import Condition, Event
from time import monotonic

_PULSE = 1.0
"""Seconds after which whoever waits looks again: not every change rings."""


class Bell:
    """Wakes the requests that wait, until it is closed."""

    def __init__(self) -> None:
        self._closed = Event()
        self._rung = Condition()

    def wait(self, changed: Callable[[], bool], patience: float) -> bool:
        """Wait until `changed()` is true; return False after `patience` seconds or on close."""
        until = monotonic() + patience
        with self._rung:
            while not changed():
                left = until - monotonic()
                if left <= 0 or self._closed.is_set():
                    return False
                self._rung.wait(min(left, _PULSE))
        return True

    def ring(self) -> None:
        """Let all who wait look whether what they wait for has changed."""
        with self._rung:
            self._rung.notify_all()

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._closed.set()
        self.ring()
