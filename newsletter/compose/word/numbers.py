"""Numbers and bullets of lists in a Word document, counted as Word counts them."""

import re
from dataclasses import dataclass, field

from lxml.etree import _Element

from newsletter.compose.word.xml import attribute, below, child, local

_UKRAINIAN = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщэюя"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_LEVELS = 9
_HIGHEST = 4000


@dataclass(slots=True)
class _Level:
    """One level of a list: how its number is written, and where it begins."""

    format: str = "decimal"
    text: str = "%1."
    start: int = 1


@dataclass(slots=True)
class _Counting:
    """The current numbers of a list."""

    counts: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)


class Numbering:
    """The lists of a document."""

    def __init__(self, root: _Element | None) -> None:
        nodes = list(root) if root is not None else []
        abstract = {
            attribute(one, "abstractNumId") or "": _levels(one)
            for one in nodes
            if local(one) == "abstractNum"
        }
        self._lists: dict[str, tuple[str, dict[int, _Level]]] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        for one in nodes:
            if local(one) == "num":
                name, base = (
                    attribute(one, "numId") or "",
                    attribute(child(one, "abstractNumId"), "val") or "",
                )
                own, restarts = _overrides(one)
                self._lists[name] = (base, abstract.get(base, {}) | own)
                self._restarts[name] = restarts
        self._counting: dict[str, _Counting] = {}

    def mark(self, name: str, level: int) -> str:
        """Count the next paragraph of the list `name` and return its number as shown, or its bullet."""
        base, levels = self._lists.get(name, ("", {}))
        if level >= _LEVELS or level not in levels:
            return "•"
        counting = self._counting.setdefault(base, _Counting())
        for at, start in self._restarts.pop(name, {}).items():
            counting.counts[at] = start - 1
        above = counting.counts[level]
        counting.counts[level] = levels[level].start if above is None else above + 1
        counting.counts[level + 1 :] = [None] * (_LEVELS - level - 1)
        if levels[level].format in {"bullet", "none"}:
            return "•" if levels[level].format == "bullet" else ""

        def number(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            other = levels.get(at, _Level())
            return written(counting.counts[at] or other.start, other.format)

        return re.sub(r"%([1-9])", number, levels[level].text).strip()


def written(number: int, form: str) -> str:
    """Format a number in one of Word's number formats."""
    form_ = form.casefold()
    letters = {
        "lowerletter": "abcdefghijklmnopqrstuvwxyz",
        "russianlower": _RUSSIAN,
        "ukrainianlower": _UKRAINIAN,
    }
    key = form_.replace("upper", "lower")
    if not 0 < number < _HIGHEST:
        return str(number)
    if key in letters:
        text = letters[key][(number - 1) % len(letters[key])] * ((number - 1) // len(letters[key]) + 1)
    elif key == "lowerroman":
        text = ""
        for value, sign in _ROMAN:
            text += sign * (number // value)
            number %= value
    elif form_ == "decimalzero":
        text = f"{number:02}"
    else:
        text = str(number)
    return text.upper() if "upper" in form_ else text


def _levels(node: _Element) -> dict[int, _Level]:
    levels: dict[int, _Level] = {}
    for one in below(node, "lvl"):
        at = attribute(one, "ilvl") or ""
        if at.isdecimal():
            levels[int(at)] = _Level(
                format=attribute(child(one, "numFmt"), "val") or "decimal",
                text=attribute(child(one, "lvlText"), "val") or "",
                start=_number(attribute(child(one, "start"), "val"), 1),
            )
    return levels


def _overrides(node: _Element) -> tuple[dict[int, _Level], dict[int, int]]:
    restarts = {
        _number(attribute(one, "ilvl"), 0): _number(attribute(start, "val"), 1)
        for one in node
        if local(one) == "lvlOverride" and (start := child(one, "startOverride")) is not None
    }
    return _levels(node), {at: start for at, start in restarts.items() if at < _LEVELS}


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < _LEVELS else otherwise
