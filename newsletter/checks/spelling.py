"""Which words of a text a dictionary lacks, and which are known words with a slip of the fingers.

Names, abbreviations and words in another alphabet are nobody's slip and are left alone. Pure: the dictionary
is asked by a function; newsletter/services/spelling.py has one.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache

from newsletter.checks.remark import Remark
from newsletter.checks.wording import ADDRESS
from newsletter.errors import Message

Known = Callable[[str], bool]

SHORTEST = 4
"""Letters of the shortest word that is looked at; shorter ones are abbreviations as often as words."""
SUGGESTED = 3
"""Most suggestions for a word."""
_ALPHABETS = {"uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя’", "en": "abcdefghijklmnopqrstuvwxyz"}
_APOSTROPHES = re.compile("['ʼ`]")


@cache
def _words(language: str) -> re.Pattern[str]:
    """Return a pattern of words without a capital; what a full stop shortens amid a sentence is none."""
    letters = {"uk": "а-яіїєґё", "en": "a-z"}[language]
    word = rf"[{letters}]+(?:[’'ʼ`][{letters}]+)*"
    return re.compile(rf"(?<![\w#@./’'ʼ`-]){word}(?:-{word})*(?![\w@/’'ʼ`-]|\.\w|\.[ \u00a0][{letters}\d(])")


@lru_cache(maxsize=500)
def words_of(text: str, language: str) -> frozenset[str]:
    """Return the words of a text without markup that can be looked up, in small letters and with ’.

    Texts are remembered, as of an issue that is edited most stay the same.
    """
    if language not in _ALPHABETS:
        return frozenset()
    found = _words(language).findall(ADDRESS.sub(" ", text))
    parts = (part for word in found for part in _APOSTROPHES.sub("’", word).split("-"))
    return frozenset(part for part in parts if len(part) >= SHORTEST)


def suggestions(word: str, language: str, known: Known) -> tuple[str, ...]:
    """Return known words that differ from `word` in one letter, those of likely slips first."""
    slips = dict.fromkeys(filter(known, _slips(word)))
    if len(slips) < SUGGESTED:
        slips |= dict.fromkeys(filter(known, _edits(word, _ALPHABETS[language])))
    return tuple(slips)[:SUGGESTED]


def is_certain(word: str, suggested: Iterable[str]) -> bool:
    """Return whether exactly one suggestion comes of a slip: a letter twice, two swapped, a mark left out."""
    return len(set(_slips(word)) & set(suggested)) == 1


def remarks(text: str, language: str, unknown: Mapping[str, tuple[str, ...]]) -> Iterator[Remark]:
    """Yield a remark on each word of a text that is `unknown`, which has the suggestions for each word."""
    for word in sorted(words_of(text, language) & unknown.keys()):
        suggested = unknown[word]
        certain = is_certain(word, suggested)
        kept = [one for one in suggested if not certain or one in set(_slips(word))]
        said = "a misspelt word: %(word)s" if certain else "the dictionary lacks the word %(word)s"
        yield Remark(
            code="word-misspelt" if certain else "word-unknown",
            words=word,
            text=Message(said, word=word),
            hint=Message("Meant may be: %(words)s. What is right goes into words.txt.", words=", ".join(kept))
            if kept
            else "What is right goes into words.txt.",
        )


def _slips(word: str) -> Iterator[str]:
    """Yield what may have been meant: a letter was typed twice, two were swapped, the apostrophe left out."""
    for at in range(len(word) - 1):
        if word[at] == word[at + 1]:
            yield word[:at] + word[at + 1 :]
        else:
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    for at in range(1, len(word)):
        if word[at] in "яюєї" and word[at - 1] != "’":
            yield f"{word[:at]}’{word[at:]}"
    if "’" in word:
        yield word.replace("’", "")


def _edits(word: str, alphabet: str) -> Iterator[str]:
    for at in range(len(word) + 1):
        if at < len(word):
            yield word[:at] + word[at + 1 :]
            yield from (word[:at] + letter + word[at + 1 :] for letter in alphabet)
        yield from (word[:at] + letter + word[at:] for letter in alphabet)
