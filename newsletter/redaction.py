"""What logs, pages and the database may show of addresses and of servers' replies."""

import re

_ADDRESS = re.compile(r"""[^\s<>()\[\]"',;:«»]+@[^\s<>()\[\]"',;:«»]+""")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]+")
_TOKEN = re.compile(r"(?:[A-Za-z0-9_-]|=\s+(?=[A-Za-z0-9_-])){31,}")
"""Matches a possible token of a signed link (links.py), also cut by a soft line break (RFC 2045 §6.7)."""


def masked(address: str) -> str:
    """Return a mail address as logs may show it: `olena@example.org` as `o***@example.org`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else "***"


def without_addresses(words: str) -> str:
    """Return `words` with every mail address in them masked."""
    return _ADDRESS.sub(lambda found: masked(found[0]), words)


def without_tokens(words: str) -> str:
    """Return `words` with everything that could be the token of a signed link replaced by `…`."""
    return _TOKEN.sub("…", words)


def readable(words: str) -> str:
    """Return a server's reply made safe to store and show: no NUL (PostgreSQL), no ESC (terminals).

    Tokens of signed links are removed too: whoever reads a database or a log could use them.
    """
    words = without_tokens(words)
    if words.isprintable():
        return words
    return _CONTROLS.sub(" ", words.encode("utf-8", "replace").decode()).strip()
