"""Unwrap text: join the lines that a mail program wrapped into their original paragraphs."""

from collections.abc import Sequence
from math import inf

from newsletter.compose.bullets import marker
from newsletter.compose.lines import Line, link, marked

_MAIL_WIDTHS = range(50, 101)


def unwrap(lines: Sequence[Line]) -> list[Line]:
    """Join lines that a mail program wrapped: those that end where the next word would not have fitted.

    Only in a text all of whose lines keep within a mail's width; links, headings and list items stay alone.
    """
    width = max((len(line.text) for line in lines if " " in line.text and not link(line.text)), default=0)
    if width not in _MAIL_WIDTHS:
        return list(lines)
    joined: list[Line] = []
    room = inf
    for line in lines:
        alone = not line.text or link(line.text) or marked(line.text)[0]
        if room < len(line.text.partition(" ")[0]) and not alone and not _is_entry(line.text):
            joined[-1] = Line(joined[-1].number, f"{joined[-1].text} {line.text}")
        else:
            joined.append(line)
        room = inf if alone else width - len(line.text) - 1
    return joined


def _is_entry(text: str) -> bool:
    found = marker(text)
    return found is not None and not found.is_weak
