"""Where words stand in a file of the workspace, so that a finding points at their line."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from newsletter.errors import Place

Locate = Callable[[Place, str], Place]
"""Given a place in a file and words, the line of that file where the words first stand."""


def as_given(place: Place, _words: str) -> Place:
    """Return `place` itself: for an issue that was not read from files."""
    return place


def lines_under(root: Path) -> Locate:
    """Look in the files of the workspace `root`; words not found as they are stay at the given place."""

    @cache
    def read(path: str) -> str:
        try:
            return "\n" + (root / path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""

    def locate(place: Place, words: str) -> Place:
        text = read(place.path)
        position = text.find(words)
        return Place(place.path, text.count("\n", 0, position + 1)) if position >= 0 else place

    return locate


def key(name: str) -> str:
    """Return the words by which the top-level YAML key `name` is found."""
    return f"\n{name}:"
