"""Mend what is a matter of keys, not of words: dashes, quotation marks, spaces, links that track.

Pure: a caller shows the difference, and an editor decides.
"""

import re
from collections.abc import Callable

from newsletter.checks.ukrainian import mended_marks
from newsletter.checks.wording import (
    ADDRESS,
    HYPHEN_AS_DASH,
    QUOTATION_MARKS,
    SPACE_BEFORE_MARK,
    STRAIGHT_QUOTED,
)
from newsletter.compose import addresses
from newsletter.render.markdown import tree

_UNTOUCHED = re.compile(
    rf"`[^`\n]*`|\]\([^)\n]*\)|<[^>\n]*>|{ADDRESS.pattern}|^[ ]{{0,3}}\[[^\]\n]+\]:.*$|^[ \t]*\|?[ \t:|-]+$",
    re.MULTILINE,
)
"""Of Markdown: code, addresses, and the line under a table's headings."""
_IN_LINK = re.compile(r"(?<=\]\()https?://[^\s()<>]+|(?<=<)https?://[^\s<>]+(?=>)")


def mended_line(text: str, language: str) -> str:
    """Return a line of plain words with mended marks: a title, a subject."""
    return _without_changing(ADDRESS, text, lambda words: _marks(words, language))


def mended_text(markdown: str, language: str) -> str:
    """Return a Markdown text with mended marks and links.

    Where that would make other markup of it, it stays as it is.
    """
    after = _without_changing(_UNTOUCHED, markdown, lambda words: _marks(words, language))
    after = _IN_LINK.sub(lambda found: mended_link(found[0]), after)
    return after if after != markdown and _shape(after) == _shape(markdown) else markdown


def mended_link(address: str) -> str:
    """Return where a link leads, without a service in between and without what tracks readers."""
    found = addresses.unwrap(address)
    if found and not found.inside:
        return address
    return addresses.without_tracking(found.inside if found and found.inside else address)


_STAND_INS = "ᚠᚡᚢᚣᚤ"
"""Letters that no text has: they stand for what is not changed, as a word does."""


def _without_changing(kept: re.Pattern[str], text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to a text except for the matches of `kept`."""
    stand_in = next((letter for letter in _STAND_INS if letter not in text), None)
    if stand_in is None:
        return text
    taken = iter(kept.findall(text))
    return re.sub(stand_in, lambda _: next(taken), change(kept.sub(stand_in, text)))


def _marks(words: str, language: str) -> str:
    words = HYPHEN_AS_DASH.sub("–", words)
    if usual := QUOTATION_MARKS.get(language.partition("-")[0]):
        words = STRAIGHT_QUOTED.sub(lambda found: f"{usual[0]}{found[1]}{usual[1]}", words)
    words = SPACE_BEFORE_MARK.sub("", words)
    return mended_marks(words) if language.startswith("uk") else words


def _shape(markdown: str) -> list[str]:
    return [node.type for node in tree(markdown).walk()]
