"""Search terms: parse a query into words, stem them lightly, and highlight them in a text."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_LETTER = r"[^\W_ʼ]"  # U+02BC, the apostrophe letter, would count as a letter itself
_APOSTROPHE = "['’ʼ`]"
_WORD = re.compile(f"{_LETTER}+(?:{_APOSTROPHE}{_LETTER}+)*")
_STRESS = str.maketrans("", "", "\u0301\u00ad")
_ENDING = re.compile(r"(?:[аеєиіїоуюяьй]{1,2}|[аоеєиії][мх]|[іїє]в|г[оу]|м[ио])$")
_CUT = 5  # words with at least this many letters are stemmed
_PREFIX = 3  # words with at least this many letters match as prefixes
_BEFORE = 60  # characters that an excerpt shows before the first match
_MARK = "ʼ"


@dataclass(frozen=True, slots=True)
class Word:
    """A search word: its parts between apostrophes, and whether the last part matches as a prefix."""

    parts: tuple[str, ...]
    prefix: bool

    @property
    def spellings(self) -> tuple[tuple[str, ...], ...]:
        """The forms in which an index may hold it: split at the apostrophe, or joined by U+02BC."""
        return (self.parts,) if len(self.parts) == 1 else (self.parts, (_MARK.join(self.parts),))

    @property
    def pattern(self) -> str:
        """A regular expression that matches the word in a text, with any kind of apostrophe."""
        rest = f"{_LETTER}*(?:{_APOSTROPHE}{_LETTER}+)*" if self.prefix else f"(?!{_LETTER})"
        return _APOSTROPHE.join(map(re.escape, self.parts)) + rest


def read(query: str) -> tuple[Word, ...]:
    """Return the distinct words of `query` in lower case, longer ones without their Ukrainian ending.

    This is light stemming, not grammar: «субсидія» and «субсидій» both become «субсид».
    """
    plain = unicodedata.normalize("NFC", query.translate(_STRESS)).lower()
    return tuple(dict.fromkeys(_word(found) for found in _WORD.findall(plain)))


def marked(text: str, words: Sequence[Word]) -> list[tuple[str, bool]]:
    """Split `text` into pieces, each with a flag that says whether it matches one of `words`."""
    if not words:
        return [(text, False)]
    pattern = re.compile(f"(?<!{_LETTER})({'|'.join(word.pattern for word in words)})", re.IGNORECASE)
    return [(piece, number % 2 == 1) for number, piece in enumerate(pattern.split(text)) if piece]


def excerpt(text: str, words: Sequence[Word], length: int = 240) -> list[tuple[str, bool]]:
    """Return at most `length` characters of `text` around the first match, in pieces as `marked` does."""
    line = " ".join(text.split())
    start = _start(line, words)
    end = len(line)
    if end - start > length:
        blank = line.rfind(" ", start, start + length)
        end = blank if blank > start else start + length
    return marked(f"{'… ' if start else ''}{line[start:end]}{' …' if end < len(line) else ''}", words)


def _start(line: str, words: Sequence[Word]) -> int:
    """Return the offset where an excerpt starts: the beginning of a word shortly before the first match."""
    before = 0
    for piece, found in marked(line, words):
        if found:
            return min(line.find(" ", before - _BEFORE) + 1, before) if before > _BEFORE else 0
        before += len(piece)
    return 0


def _word(found: str) -> Word:
    letters = len(re.sub(_APOSTROPHE, "", found))
    stem = _ENDING.sub("", found) if letters >= _CUT else found
    parts = tuple(part for part in re.split(_APOSTROPHE, stem) if part)
    return Word(parts, prefix=len("".join(parts)) >= _PREFIX)
