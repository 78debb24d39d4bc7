"""The difference between two texts, word by word: pieces that were kept, removed or added."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_MOST = 5_000
"""Words and marks of a text; longer ones are compared line by line, as time grows with their square."""
_CONTEXT = 40
"""Characters of unchanged text that are shown before and after a change."""


class Fate(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with one fate."""

    fate: Fate
    text: str


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """Return the pieces that make `after` of `before`; none when the two are equal."""
    if before == after:
        return ()
    return tuple(_pieces(_taken_apart(before), _taken_apart(after)))


def excerpt(pieces: tuple[Piece, ...], context: int = _CONTEXT) -> tuple[Piece, ...]:
    """Return the changes with at most `context` characters around each, and an ellipsis for the rest."""
    return tuple(
        Piece(piece.fate, _shortened(piece.text, context, first=not place, last=place == len(pieces) - 1))
        if piece.fate is Fate.KEPT
        else piece
        for place, piece in enumerate(pieces)
    )


def _taken_apart(text: str) -> list[str]:
    words = _WORDS.findall(text)
    return words if len(words) <= _MOST else text.splitlines(keepends=True)


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    for kind, start, end, other_start, other_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            yield Piece(Fate.KEPT, "".join(before[start:end]))
            continue
        if start < end:
            yield Piece(Fate.REMOVED, "".join(before[start:end]))
        if other_start < other_end:
            yield Piece(Fate.ADDED, "".join(after[other_start:other_end]))


def _shortened(text: str, context: int, *, first: bool, last: bool) -> str:
    """Cut the middle out of unchanged text; of the first piece its beginning, of the last its end."""
    if len(text) <= (context if first or last else 2 * context):
        return text
    head = "" if first else text[:context].rsplit(" ", 1)[0]
    tail = "" if last else text[-context:].split(" ", 1)[-1]
    return f"{head} … {tail}" if head and tail else f"… {tail}" if tail else f"{head} …"
