"""How hard a text is to read: the length of its sentences, the share of long words, LIX.

LIX (Björnsson 1968) is the words of a sentence plus the percentage of words of more than six letters. It
needs no dictionary and so no language; its limits are Swedish: compare a digest with its own other weeks.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

LONG = 25
"""Words from which a sentence is a long one."""
_LETTERS = 6
_SHOWN = 5
_ABBREVIATIONS = (
    r"(?<!\bім)(?<!\bст)(?<!\bвул)(?<!\bобл)(?<!\bгрн)(?<!\bтис)(?<!\bмлн)(?<!\bт\.ч)(?<!\b[^\W\d_])"
)
_SENTENCE = re.compile(
    rf"{_ABBREVIATIONS}[.!?…]+[»”\")]*\s+(?=[«„“\"(]?[А-ЯІЇЄҐA-Z\d])|\n\s*\n|\n(?=\s*[-*•\d])"
)
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was counted; `longest` are the longest sentences, each with its number of words."""

    words: int
    sentences: int
    long_words: int
    longest: tuple[tuple[int, str], ...]

    @property
    def per_sentence(self) -> float:
        """The average words of a sentence."""
        return self.words / self.sentences if self.sentences else 0.0

    @property
    def long_share(self) -> float:
        """The percentage of long words."""
        return 100 * self.long_words / self.words if self.words else 0.0

    @property
    def lix(self) -> int:
        """The index: below 40 easy, above 60 hard in Swedish."""
        return round(self.per_sentence + self.long_share)


def reading(texts: Iterable[str]) -> Reading:
    """Return what is counted in plain texts together."""
    sentences = [one.strip() for text in texts for one in _SENTENCE.split(text) if one and _WORD.search(one)]
    counted = [(len(_WORD.findall(one)), " ".join(one.split())) for one in sentences]
    words = [word for one in sentences for word in _WORD.findall(one)]
    longest = sorted((one for one in counted if one[0] >= LONG), key=lambda one: -one[0])
    return Reading(
        words=len(words),
        sentences=len(sentences),
        long_words=sum(len(word) > _LETTERS for word in words),
        longest=tuple(longest[:_SHOWN]),
    )
