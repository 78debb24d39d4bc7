"""Collect text runs into paragraphs and write them as lines of Markdown."""

import re
from collections.abc import Sequence
from dataclasses import replace

from newsletter.compose.lines import Line, clean
from newsletter.compose.runs import BREAK, Run, markdown
from newsletter.compose.unsupported import Leavings

INDENT = "    "
"""Of a list within a list: enough below any mark, and less than what Markdown takes for code."""
_PARTING = re.compile(f"{BREAK}(?:[\\s{BREAK}]*{BREAK})+")


class Paragraphs:
    """The lines written so far, and the runs of the open paragraph.

    `prefix` stands before its first line, `depth` is how deep in lists it is, `list` is what tells its list.
    """

    def __init__(self, left: Leavings) -> None:
        self.lines: list[Line] = []
        self.prefix = ""
        self.depth = 0
        self.count = 0
        self.list: object = None
        self._written_list: object = None
        self._left = left
        self._runs: list[Run] = []
        self._number = 0

    def add(self, run: Run, line: int) -> None:
        """Add a run from source line `line`."""
        if run.text.strip() and not any(one.text.strip() for one in self._runs):
            self._number = line
        if self._runs or run.text.strip():
            self._runs.append(run)

    def end(self) -> bool:
        """End the paragraph and return whether it had text; two line breaks in it make two paragraphs."""
        runs, self._runs = self._runs, []
        text = markdown(_without_dead_links(runs, self._left, self._number))
        paragraphs = [
            parts
            for paragraph in _PARTING.split(text)
            if (parts := [part for part in map(clean, paragraph.split(BREAK)) if part])
        ]
        for parts in paragraphs:
            self._write_paragraph(parts)
            self.count += 1
        return bool(paragraphs)

    def write(self, lines: Sequence[Line]) -> None:
        """Write lines as a separate block."""
        if self.lines and lines:
            self.lines.append(Line(lines[0].number, ""))
        self.lines += lines
        self._written_list = None

    def _write_paragraph(self, parts: list[str]) -> None:
        prefix, self.prefix = self.prefix, ""
        if prefix.startswith("#"):
            parts = [" ".join(parts)]
        is_entry = bool(prefix) and not prefix.startswith(("#", ">"))
        within = self._written_list is not None and self._written_list is self.list
        if self.list is not None and not prefix:
            prefix = INDENT * self.depth  # another paragraph of an entry
        is_quoted_on = prefix == "> " and bool(self.lines) and self.lines[-1].text.startswith("> ")
        if self.lines and not (is_entry and within) and not is_quoted_on:
            self.lines.append(Line(self._number, ""))
        if prefix == "> ":
            parts = [parts[0], *(f"> {part}" for part in parts[1:])]
        self.lines += (Line(self._number, part) for part in [prefix + parts[0], *parts[1:]])
        self._written_list = self.list if is_entry or within else None


def _without_dead_links(runs: list[Run], left: Leavings, number: int) -> list[Run]:
    """Remove unusable links inside a paragraph; a link that is the whole paragraph is left to the parser."""
    alone = len({run.href for run in runs if run.text.strip()}) == 1
    kept = []
    for run in runs:
        if run.href is None or alone or re.match(r"https?://|mailto:", run.href, re.IGNORECASE):
            kept.append(run)
            continue
        if run.href not in {"", "#"}:
            left.add("the link", f"{run.text.strip()} → {run.href}", number)
        kept.append(replace(run, href=None))
    return kept
