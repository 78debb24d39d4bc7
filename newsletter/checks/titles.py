"""Titles in capitals, titles that the text says again, and texts that are nothing but hashtags."""

import re
from collections.abc import Iterator

from newsletter.checks.remark import Remark
from newsletter.errors import Message
from newsletter.model import Item

_LETTERS = 8
"""Letters of a title in capitals; shorter ones may be names, such as «ЦНАП»."""
_SMALL_WORDS = frozenset((
    "без", "в", "від", "для", "до", "за", "з", "зі", "із", "і", "й", "його", "її", "їх", "на", "над", "о",
    "об", "або", "по", "при", "про", "під", "після", "та", "у", "через", "чи", "що", "як",
))  # fmt: skip
_MANY = 3
_HASHTAGS = re.compile(r"\s*(?:#\w+\s*)+")


def titles(item: Item, spoken: str) -> Iterator[Remark]:
    """Yield remarks on an item's title; `spoken` is its text without markup."""
    yield from _capitals(item.title)
    title, text = _plain(item.title), _plain(spoken[: 2 * len(item.title)])
    if title.count(" ") + 1 >= _MANY and text.startswith(f"{title} "):
        yield Remark(
            code="title-in-text",
            words=spoken.strip()[: len(item.title)],
            text="the text begins with the title again",
            hint="Begin with what the title does not say.",
        )
    if _HASHTAGS.fullmatch(item.text):
        words = item.text.strip()
        yield Remark(
            code="hashtag-alone",
            words=words,
            text=Message("the text is nothing but %(words)s", words=words),
            hint="Say in a sentence what it is about, or move the hashtag to the closing call.",
        )


def _capitals(title: str) -> Iterator[Remark]:
    words = re.findall(r"[^\W\d_][\w’'ʼ-]*", title)
    letters = "".join(words)
    if len(letters) >= _LETTERS and len(words) > 1 and letters.isupper():
        yield Remark(
            code="title-capitals",
            words=title,
            text="the title is all capitals",
            hint="Write it as a sentence: capitals are hard to read, and are shouting.",
        )
        return
    small = [
        word for word in re.findall(r"(?<=[\w,]\s)[^\W\d_][\w’'ʼ-]*", title) if word.lower() in _SMALL_WORDS
    ]
    capital = [word for word in small if word[0].isupper()]
    if capital and sum(word[0].isupper() for word in words) > _MANY and len(capital) == len(small):
        yield Remark(
            code="title-case",
            words=title,
            text=Message("the title begins every word with a capital, also %(words)r", words=capital[0]),
            hint="In Ukrainian only the first word and names have a capital.",
        )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
