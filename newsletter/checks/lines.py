"""Locate a text in a file of the workspace, so that a problem points to its line."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from newsletter.errors import Place

Locate = Callable[[Place, str], Place]
"""A function from a place in a file and a text to the line where the text first occurs."""


def as_given(place: Place, _words: str) -> Place:
    """Return `place` unchanged: for an issue that was not read from files."""
    return place


class Lines:
    """A Locate for the files of a folder, each read once."""

    def __init__(self, root: Path, typed: Mapping[str, str]) -> None:
        self._root = root
        self._texts = {path: "\n" + text.removeprefix("\ufeff") for path, text in typed.items()}

    def __call__(self, place: Place, words: str) -> Place:
        """Return the line of `place`'s file where `words` first occurs, or `place`."""
        return line_of(self.text(place.path), place, words)

    def text(self, path: str) -> str:
        """Return the text of a file after a line end, or nothing when it cannot be read."""
        if path not in self._texts:
            try:
                self._texts[path] = "\n" + (self._root / path).read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError):
                self._texts[path] = ""
        return self._texts[path]


def lines_under(root: Path, typed: Mapping[str, str] = MappingProxyType({})) -> Lines:
    """Return a Locate for the files under `root`; a text that is not found keeps the given place.

    `typed` has the texts of files that are not saved yet, by path.
    """
    return Lines(root, typed)


def line_of(text: str, place: Place, words: str) -> Place:
    """Return where `words` stands in a file's `text`, which begins with a line end; else `place`."""
    position = text.find(words)
    return Place(place.path, text.count("\n", 0, position + 1)) if position >= 0 else place


def field_at(text: str, line: int) -> str:
    """Return the key of an item's front matter that `line` of its file belongs to, or `text`."""
    lines = text.splitlines()
    end = next((number for number, one in enumerate(lines) if number and one.rstrip() == "---"), 0)
    if not 0 < line - 1 < end:
        return "text"
    keys = [found[1] for one in lines[1:line] if (found := re.match(r"([a-z_]+):", one))]
    return keys[-1] if keys else "text"


def key(name: str) -> str:
    """Return the text to search for to locate the top-level YAML key `name`."""
    return f"\n{name}:"
