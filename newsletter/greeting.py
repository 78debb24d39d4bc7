"""A greeting by name, and one for readers whose name is unknown or no name to greet by."""

import re
import unicodedata

NAME = "{name}"
SLOT = "GREETING"
"""The name of the slot (newsletter/slots.py) that a greeting fills."""
_LONGEST = 60
_BETWEEN = frozenset(" .,'’ʼ-·")
_LINK = re.compile(r"\.[a-z]{2}")
"""Mail programs make a link of words like `example.org`."""


def greet(named: str, unnamed: str, name: str) -> str:
    """Return `named` with the reader's name in it, or `unnamed` when nobody is called so."""
    spoken = " ".join(name.split())
    return named.replace(NAME, spoken) if is_name(spoken) else unnamed


def is_name(words: str) -> bool:
    """Tell whether `words` may stand in a greeting: short, of letters, and nothing that could be a link."""
    return (
        0 < len(words) <= _LONGEST
        and all(
            letter in _BETWEEN or letter.isalpha() or unicodedata.category(letter) in {"Mn", "Mc"}
            for letter in words
        )
        and words[0].isalpha()
        and not _LINK.search(words)
    )
