"""Put the items of issue.yaml into another order; each line moves with the comment lines above it."""

import json
import re
from collections.abc import Mapping, Sequence

from newsletter.compose.rewrite import quoted
from newsletter.yamlfile import Document, load_again

Order = Mapping[str, Sequence[str]]
_STEP = 2
"""Spaces of indentation."""


def reorder(text: str, path: str, order: Order) -> str:
    """Return issue.yaml's `text` with exactly `order`: the ids of items by section.

    A list that is not written as one entry a line, or an `order` in brackets, is written anew. Raises
    ContentError when the text is not YAML.
    """
    document = load_again(text, path)
    if _read(document) == [(slug, list(names)) for slug, names in order.items()]:
        return text
    lines = text.split("\n")
    first, last = _region(document, lines)
    fresh = _arranged(document, lines, last, order)
    for block in (fresh, _plain(order)):
        if block is not None:
            result = "\n".join([*lines[:first], *block, *lines[last:]])
            if _read(load_again(result, path)) == [(slug, list(names)) for slug, names in order.items()]:
                return result
    raise AssertionError("an order written line by line is read back")


def _read(document: Document) -> list[tuple[str, list[str]]]:
    data = document.data if isinstance(document.data, Mapping) else {}
    order = data.get("order")
    if not isinstance(order, Mapping):
        return []
    return [(slug, list(names) if isinstance(names, list) else []) for slug, names in order.items()]


def _region(document: Document, lines: Sequence[str]) -> tuple[int, int]:
    """Return the first line of the key `order` and the one after its last; both the end if there is none."""
    starts = sorted(line - 1 for path, line in document.lines.items() if len(path) == 1)
    end = len(lines) - (not lines[-1])
    if ("order",) not in document.lines:
        return end, end
    first = document.lines["order",] - 1
    following = next((start for start in starts if start > first), end)
    while following > first + 1 and re.match(r"\S*#|\s*$", lines[following - 1]):
        following -= 1  # a comment in the first column belongs to what comes after
    return first, following


def _arranged(document: Document, lines: Sequence[str], last: int, order: Order) -> list[str] | None:
    """Return the lines of `order` with their comments; None if an entry has no line of its own."""
    held = _read(document)
    keys = [document.lines["order", slug] - 1 for slug, _ in held]
    if not held or len({*keys}) < len(keys) or keys[0] <= document.lines["order",] - 1:
        return None
    heads: dict[str, Sequence[str]] = {}
    tails: dict[str, Sequence[str]] = {}
    entries: dict[str, Sequence[str]] = {}
    for (slug, names), key, end in zip(held, keys, [*keys[1:], last], strict=True):
        at = [document.lines["order", slug, index] - 1 for index in range(len(names))]
        if len({*at}) < len(at) or any(not lines[line].lstrip().startswith("- ") for line in at):
            return None
        if not names and lines[key].split("#")[0].rstrip()[-1:] in ("]", "}", "~"):
            return None
        starts = [at[0], *(line + 1 for line in at[:-1])] if at else []
        heads[slug] = lines[key : at[0] if at else key + 1]
        tails[slug] = lines[(at[-1] if at else key) + 1 : end]
        entries |= {
            name: lines[start : line + 1] for name, start, line in zip(names, starts, at, strict=True)
        }
    opening = list(lines[document.lines["order",] - 1 : keys[0]])
    margin = len(lines[keys[0]]) - len(lines[keys[0]].lstrip())
    inner = next((_margin(block[-1]) for block in entries.values()), margin + _STEP)
    result: list[str] = opening
    for slug, wanted in order.items():
        result.extend(heads.get(slug, [f"{' ' * margin}{_word(slug)}:"]))
        for name in wanted:
            result += entries.get(name, [f"{' ' * inner}- {_word(name)}"])
        result += tails.get(slug, [])
    return result


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _plain(order: Order) -> list[str]:
    lines = ["order:"]
    for slug, names in order.items():
        lines += [f"  {_word(slug)}:", *(f"    - {_word(name)}" for name in names)]
    return lines


def _word(value: str) -> str:
    """Return a word as YAML, in quotes where it needs them."""
    is_plain = quoted(value) is value
    if is_plain and not re.search(r"^[\s\-?:,\[\]{}#&*!|>'\"%@`]|: |:$| #|\s$", value):
        return value
    return json.dumps(value, ensure_ascii=False)  # which YAML reads alike
