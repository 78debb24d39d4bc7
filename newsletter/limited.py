"""Parse untrusted files in a child process with limits on memory and CPU time (setrlimit).

A file of some kilobytes can expand to gigabytes; then the child dies, and this process reports it. A module
that parses such files runs as `python -m`: its `__main__` part calls `answer`, the parent opens `child`.
"""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

_NO_MORE_SPACE = 3
"""The exit code of a child that ran out of memory and could still report it."""
_LIMIT_SIGNALS = (signal.SIGABRT, signal.SIGXCPU, signal.SIGKILL, signal.SIGSEGV)
"""Signals that end a process at a limit; C parsers abort or dereference null when memory is refused."""


class Limits(NamedTuple):
    """A child's limits: bytes of address space, and seconds of CPU time."""

    memory: int
    seconds: int


class LimitExceededError(Exception):
    """The child reached its limit of memory or CPU time."""


class ChildFailedError(Exception):
    """The child ended before its answer, for another reason than a limit."""


class Child:
    """A running child process; each `read` returns the next value of its answer."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def read(self) -> Any:
        """Return the next value. Raises LimitExceededError and ChildFailedError."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        if line.endswith("\n"):
            return json.loads(line)
        if self._process.wait() in {_NO_MORE_SPACE, *(-number for number in _LIMIT_SIGNALS)}:
            raise LimitExceededError
        raise ChildFailedError


@contextmanager
def child(module: str, *arguments: str, limits: Limits) -> Iterator[Child]:
    """Run `module` with `arguments` under `limits`; it is killed when the block ends."""
    words = [sys.executable, "-m", module, str(limits.memory), str(limits.seconds), *arguments]
    with subprocess.Popen(  # noqa: S603  our own modules
        words,
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="ascii",
    ) as process:
        try:
            yield Child(process)
        finally:
            process.kill()


def answer(main: Callable[..., Iterable[Any]]) -> None:
    """In the child: set the limits, and print each value that `main` yields as a line of JSON."""
    memory, seconds, *arguments = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    try:
        for value in main(*arguments):
            sys.stdout.write(f"{json.dumps(value)}\n")
    except MemoryError:
        sys.exit(_NO_MORE_SPACE)
