"""Locate a text in a file of the workspace, so that a problem points to its line."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from newsletter.errors import Place

Locate = Callable[[Place, str], Place]
"""A function from a place in a file and a text to the line where the text first occurs."""


def as_given(place: Place, _words: str) -> Place:
    """Return `place` unchanged: for an issue that was not read from files."""
    return place


def lines_under(root: Path, typed: Mapping[str, str] = MappingProxyType({})) -> Locate:
    """Return a Locate for the files under `root`; a text that is not found keeps the given place.

    `typed` has the texts of files that are not saved yet, by path.
    """

    @cache
    def read(path: str) -> str:
        if path in typed:
            return "\n" + typed[path].removeprefix("\ufeff")
        try:
            return "\n" + (root / path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""

    def locate(place: Place, words: str) -> Place:
        text = read(place.path)
        position = text.find(words)
        return Place(place.path, text.count("\n", 0, position + 1)) if position >= 0 else place

    return locate


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
