"""Pictures found in a source file; in its lines a mark stands for each until the lines are complete."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from newsletter.compose.lines import Found, Line, is_read_more
from newsletter.pictures.prepare import LARGEST, fault_of

_MARK = re.compile("\ue000([0-9]{1,4})\ue001")
_DATA = re.compile(r"data:image/[\w.+-]+(?:;[\w=-]+)*?(;base64)?,", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|[/\\]", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"^[ \t]*!\[([^\]\n]*)\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^\"'\n]*[\"'])?\s*\)[ \t]*$", re.MULTILINE
)
_LEAST = 300
"""Bytes; what is smaller is a spacer or a counting pixel."""

Load = Callable[[str], bytes | None]
"""Returns the content of the file that a source names, or None."""


class Finds:
    """The pictures taken from one source."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.pictures: list[Found] = []

    def take(self, source: str, alt: str) -> str:
        """Take the picture that `source` names and return the mark for it; empty when it cannot be had."""
        alt = " ".join(alt.split())
        content = None if is_read_more(alt) else (_inline(source) or self.load(source))
        if content is None or len(content) < _LEAST or fault_of(content):
            return ""
        self.pictures.append(Found(alt=alt, content=content))
        return f"\ue000{len(self.pictures) - 1}\ue001"

    def mark_markdown(self, text: str) -> str:
        """Return Markdown with a mark for each picture that is alone on its line and can be had."""
        return _MARKDOWN.sub(lambda found: self.take(found[2], found[1]) or found[0], text)

    def placed(self, lines: Sequence[Line]) -> list[Line]:
        """Return the lines with each marked picture on a line of its own."""
        return [part for line in lines for part in self._parts(line)]

    def _parts(self, line: Line) -> Iterator[Line]:
        numbers = [int(number) for number in _MARK.findall(line.text)]
        words = " ".join(_MARK.sub(" ", line.text).split()) if numbers else line.text
        if words or not numbers:
            yield Line(line.number, words)
        for number in numbers:
            if number < len(self.pictures):
                found = self.pictures[number]
                yield Line(line.number, f"![{found.alt}]", found)


def beside(file: Path) -> Load:
    """Return what reads pictures in the folder of the source `file` and below, and from nowhere else."""

    def load(source: str) -> bytes | None:
        if _ELSEWHERE.match(source):
            return None
        folder = file.parent.resolve()
        try:
            found = (folder / unquote(source.partition("?")[0].partition("#")[0])).resolve()
            if found.is_relative_to(folder) and found.is_file() and found.stat().st_size <= LARGEST:
                return found.read_bytes()
        except (OSError, ValueError):
            pass
        return None

    return load


def _inline(source: str) -> bytes | None:
    """Return the content of a data: address (RFC 2397) of a picture."""
    head = _DATA.match(source)
    if not head:
        return None
    try:
        data = unquote_to_bytes(source[head.end() :])
        return b64decode(data) if head[1] else data
    except (Error, ValueError):
        return None
