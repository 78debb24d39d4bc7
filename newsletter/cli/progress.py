"""Progress of long work: a bar on a terminal, else a line every few seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import click

from newsletter.cli.language import words
from newsletter.cli.output import say
from newsletter.errors import Message

_EVERY = 5  # seconds between lines where there is no terminal


def progress(length: int, label: str) -> AbstractContextManager[Callable[[int], None]]:
    """Show progress up to `length`: a bar on a terminal, else a line every few seconds."""
    if sys.stderr.isatty():
        return _bar(length, label)
    spoken = time.monotonic()

    def line(done: int) -> None:
        nonlocal spoken
        if time.monotonic() - spoken >= _EVERY:
            spoken = time.monotonic()
            say(Message("%(done)s of %(length)s", done=done, length=length), err=True)

    return nullcontext(line)


@contextmanager
def _bar(length: int, label: str) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=length, label=words(label), show_pos=True, file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)
