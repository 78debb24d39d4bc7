"""Text runs (words in one format), and how a paragraph of them is written as Markdown."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

_RAISED = dict(zip("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ", strict=True))
_LOWERED = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))
_SPACE = re.compile("[ \t\r\n\f]+")
BREAK = "\v"
"""A line break within a paragraph; two are the end of it."""


@dataclass(frozen=True, slots=True)
class Run:
    """A text run: words in one format, and the URL they link to."""

    text: str
    is_bold: bool = False
    is_italic: bool = False
    href: str | None = None

    def is_like(self, other: "Run") -> bool:
        """Return whether both runs have the same format."""
        return replace(self, text="") == replace(other, text="")


def raised(text: str, kind: str) -> str:
    """Convert `text` to Unicode superscript or subscript, if Unicode has all of its characters."""
    table = _RAISED if kind == "sup" else _LOWERED
    words = text.strip()
    if words and all(sign in table for sign in words):
        return text.replace(words, "".join(table[sign] for sign in words))
    return text


def markdown(runs: Iterable[Run]) -> str:
    """Write a paragraph's runs as Markdown; white space is collapsed, except BREAK."""
    tidy = _merged([replace(run, text=_SPACE.sub(" ", run.text)) for run in runs if run.text])
    pieces: list[str] = []
    position = 0
    for href, group in groupby(tidy, key=lambda run: run.href):
        part = list(group)
        before = tidy[position - 1].text[-1:] if position else ""
        position += len(part)
        after = tidy[position].text[:1] if position < len(tidy) else ""
        words = "".join(_formatted(part, before, after))
        pieces.append(_linked(words, href) if href is not None else words)
    text = "".join(pieces).replace("****", "")
    return re.sub(rf" *{BREAK} *", BREAK, re.sub(" {2,}", " ", text))


def _merged(runs: Sequence[Run]) -> list[Run]:
    """Merge adjacent runs of one format, since Word and Google Docs split runs anywhere."""
    merged: list[Run] = []
    for run in runs:
        if merged and merged[-1].is_like(run) and not (merged[-1].text[-1:] + run.text[:1]).count(" "):
            merged[-1] = replace(run, text=merged[-1].text + run.text)
        else:
            merged.append(run)
    return merged


def _formatted(runs: Sequence[Run], before: str, after: str) -> Iterable[str]:
    for at, run in enumerate(runs):
        mark = "**" * run.is_bold + "*" * run.is_italic
        left = runs[at - 1].text[-1:] if at else before
        right = runs[at + 1].text[:1] if at + 1 < len(runs) else after
        parts = run.text.split(BREAK)
        ends = [left, *[""] * (len(parts) - 1)], [*[""] * (len(parts) - 1), right]
        yield BREAK.join(map(_marked, parts, [mark] * len(parts), *ends)) if mark else run.text


def _marked(words: str, mark: str, before: str, after: str) -> str:
    """Put emphasis marks around `words`, with white space, and if needed punctuation, outside of them.

    CommonMark 6.2: a mark between punctuation and a letter opens or closes nothing.
    """
    start = re.match(r"\s+|[^\w\s]*" if before.isalnum() else r"\s*", words)
    end = re.search(r"(?:\s+|(?<![^\w\s])[^\w\s]+|)$" if after.isalnum() else r"\s*$", words)
    first, last = start.end() if start else 0, end.start() if end else len(words)
    if first >= last:
        return words
    kept = words[first:last]
    if kept.startswith(mark) and kept.endswith(mark):
        return words
    return f"{words[:first]}{mark}{kept}{mark}{words[last:]}"


def _linked(words: str, href: str) -> str:
    kept = words.strip(f" {BREAK}")
    if not kept:
        return words
    start = words.index(kept)
    label = kept.replace(BREAK, " ")
    if label.count("[") != label.count("]"):
        label = label.replace("[", "(").replace("]", ")")
    address = href.strip()
    for unsafe in " ()<>\n\t":
        address = address.replace(unsafe, f"%{ord(unsafe):02X}" if unsafe not in "\n\t" else "")
    return f"{words[:start]}[{label}]({address}){words[start + len(kept) :]}"
