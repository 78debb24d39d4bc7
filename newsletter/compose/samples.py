"""Texts of the starter's sample items, used to detect samples that an editor left in an issue."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_LONG = 30
"""Characters from which on a line of a sample is nobody's own by chance."""


@cache
def sample_words() -> tuple[str, ...]:
    """Return the titles and long lines of the starter's sample items, in all languages."""
    return tuple(dict.fromkeys(_words()))


def _words() -> Iterator[str]:
    for language in (files("newsletter") / "starter").iterdir():
        items = language / "items"
        for item in items.iterdir() if items.is_dir() else ():
            for line in item.read_text(encoding="utf-8").splitlines():
                if line.startswith("title: "):
                    yield line.removeprefix("title: ")
                elif len(line) >= _LONG and not line.startswith("link: "):
                    yield line
