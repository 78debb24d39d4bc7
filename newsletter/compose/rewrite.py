"""Update issue.yaml in place: add new items; keep the editor's order, texts and comments."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date
from functools import lru_cache
from io import StringIO
from types import MappingProxyType
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.tokens import CommentToken

from newsletter.errors import ContentError, Message
from newsletter.model import Section
from newsletter.yamlfile import load

_NEVER_WRAP = 1_000_000

HEADER = """\
# The issue that closes on {closing}. Edit it freely: `newsletter compose` adds new items and keeps the rest.
# It may also have `closing: {{text: …, hashtag: …}}`, instead of the call in newsletter.yaml.
"""


def rewrite(
    text: str,
    closing: date,
    *,
    values: Mapping[str, Any],
    sections: Sequence[Section] = (),
    order: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> str:
    """Add to issue.yaml's `text` the `values`, `sections` and items of `order` that it does not have yet.

    `order` holds every section listed already, in the file's order, and new ones between them. The same text
    when nothing is lacking. Raises ContentError when the text cannot be taken apart.
    """
    load(text, f"issues/{closing}/issue.yaml")
    parser = YAML()
    parser.preserve_quotes = True
    parser.width = _NEVER_WRAP
    parser.indent(mapping=2, sequence=4, offset=2)
    try:
        data = parser.load(text)
    except YAMLError as error:
        raise ContentError(
            Message(
                "issue.yaml of %(closing)s cannot be rewritten: %(error)s", closing=str(closing), error=error
            ),
            "Simplify it.",
        ) from None
    head = ""
    if data is None:
        data, head = CommentedMap(), text or HEADER.format(closing=closing)
    before = deepcopy(data)
    _fill(data, values)
    _declare(data, sections)
    _arrange(data, order)
    if data == before:
        return text
    out = StringIO()
    parser.dump(data, out)
    return head + out.getvalue()


def _fill(data: CommentedMap, values: Mapping[str, Any]) -> None:
    """Insert missing keys at the top, where they separate no comment from its key."""
    lacking = [key for key in values if key not in data]
    for position, key in enumerate(lacking):
        data.insert(position, key, quoted(values[key]))


def _declare(data: CommentedMap, sections: Sequence[Section]) -> None:
    declared = {entry["slug"] for entry in data.get("sections") or ()}
    for section in sections:
        if section.slug not in declared:
            entry = CommentedMap(slug=quoted(section.slug), title=quoted(section.title))
            entry.fa.set_flow_style()
            if data.get("sections") is None:
                data["sections"] = CommentedSeq()
            _append(data["sections"], [entry])


def _arrange(data: CommentedMap, order: Mapping[str, Sequence[str]]) -> None:
    if order and data.get("order") is None:
        data["order"] = CommentedMap()
    above = None
    for position, (slug, names) in enumerate(order.items()):
        listed = data["order"]
        if slug not in listed:
            listed.insert(position, slug, CommentedSeq())
            tail = _take_tail(above) if above else ""
            _append(listed[slug], names)
            _give_tail(listed[slug], tail)
        elif names:
            if listed[slug] is None:
                listed[slug] = CommentedSeq()
            _append(listed[slug], [name for name in names if name not in listed[slug]])
        above = listed[slug]


def _append(listed: CommentedSeq, entries: Sequence[Any]) -> None:
    """Append `entries`; a comment below the list, which ruamel attaches to its last entry, stays below."""
    if entries:
        tail = _take_tail(listed)
        listed.extend(map(quoted, entries))
        _give_tail(listed, tail)


def _take_tail(listed: CommentedSeq) -> str:
    """Detach the comment lines below the last entry and return them; a comment beside it stays."""
    token = (listed.ca.items.get(len(listed) - 1) or (None,))[0]
    if token is None:
        return ""
    beside, _, below = token.value.partition("\n")
    if below:
        token.value = f"{beside}\n"
    if below and not beside:
        del listed.ca.items[len(listed) - 1]
    return str(below)


def _give_tail(listed: CommentedSeq, below: str) -> None:
    if below:
        token = CommentToken(f"\n{below}", CommentMark(0), None)
        listed.ca.items[len(listed) - 1] = [token, None, None, None]


def quoted(value: Any) -> Any:
    """Quote text that YAML 1.1 would read as a number, date or boolean."""
    if not isinstance(value, str) or _reads_as_itself(value):
        return value
    return DoubleQuotedScalarString(value)


@lru_cache(maxsize=1000)
def _reads_as_itself(value: str) -> bool:
    try:
        return bool(yaml.safe_load(f"- {value}\n") == [value])
    except (yaml.YAMLError, ValueError):  # ValueError: a number of more digits than Python reads
        return False
