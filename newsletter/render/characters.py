"""Characters that no mail, page or feed may hold (XML 1.0 §2.2), and partly no database."""

import re

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def printable(text: str) -> str:
    """Return `text` without control characters, lone surrogates and noncharacters."""
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """Return printable `text` on one line, with single blanks between its words."""
    return " ".join(printable(text).split())
