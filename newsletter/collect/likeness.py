"""Tell whether two titles speak of the same news: most of their words are the same, or their letters."""

import re
from collections import Counter, defaultdict
from difflib import SequenceMatcher

_WORD = re.compile(r"\w{3,}")
_SHARED = 0.5
"""How much of their words two titles share before their letters are compared."""
_SAME_WORDS, _SAME_LETTERS = 0.8, 0.85


class Titles:
    """Titles that are known, found by their words."""

    def __init__(self) -> None:
        self._known: list[tuple[str, frozenset[str]]] = []
        self._with: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, title: str) -> None:
        """Remember a title."""
        plain, words = _read(title)
        for word in words:
            self._with[word].append(len(self._known))
        self._known.append((plain, words))

    def like(self, title: str) -> bool:
        """Tell whether a title that is much alike is known."""
        plain, words = _read(title)
        shared = Counter(number for word in words for number in self._with.get(word, ()))
        for number, count in shared.most_common():
            other, others = self._known[number]
            most = max(len(words), len(others))
            if count / most >= _SAME_WORDS:
                return True
            if count / most >= _SHARED:
                matcher = SequenceMatcher(None, plain, other, autojunk=False)
                if matcher.quick_ratio() >= _SAME_LETTERS and matcher.ratio() >= _SAME_LETTERS:
                    return True
        return False


def _read(title: str) -> tuple[str, frozenset[str]]:
    plain = " ".join(title.casefold().split())
    return plain, frozenset(_WORD.findall(plain))
