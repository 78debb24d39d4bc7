"""Change the brand and the sections of newsletter.yaml in place; comments, order and quotes stay."""

from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from newsletter.compose.rewrite import quoted
from newsletter.config import FILE
from newsletter.errors import ContentError, Place, Problem

_NEVER_WRAP = 1_000_000


def edit_brand(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with new values of `brand`; an empty one removes its key. Raises ContentError."""

    def change(data: CommentedMap) -> None:
        if not isinstance(data.get("brand"), CommentedMap):
            data["brand"] = _flow({})
        _update(data["brand"], values)
        if not data["brand"]:
            del data["brand"]

    return _edited(text, change)


def edit_sections(text: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return `text` with the sections `rows`, in their order, each known by its slug. Raises ContentError.

    A section that is not among them is removed; an empty or false value removes its key.
    """

    def change(data: CommentedMap) -> None:
        old = data["sections"]
        places = {entry["slug"]: place for place, entry in enumerate(old)}
        entries = []
        comments = {}
        for place, row in enumerate(rows):
            before = places.get(row["slug"])
            entry = _flow({"slug": row["slug"]}) if before is None else old[before]
            _update(entry, row)
            entries.append(entry)
            if before is not None and before in old.ca.items:
                comments[place] = old.ca.items[before]
        fresh = CommentedSeq(entries)
        fresh.ca.comment = old.ca.comment
        fresh.ca.items.update(comments)
        data["sections"] = fresh

    return _edited(text, change)


def _edited(text: str, change: Callable[[CommentedMap], None]) -> str:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    parser = YAML()
    parser.preserve_quotes = True
    parser.width = _NEVER_WRAP
    parser.indent(mapping=2, sequence=4, offset=2)
    try:
        data = parser.load(text.removeprefix(mark))
        change(data)
    except (YAMLError, AttributeError, LookupError, TypeError):
        raise ContentError(
            Problem.error("cannot be changed by a form as it is", Place(FILE), "Correct the file itself.")
        ) from None
    out = StringIO()
    parser.dump(data, out)
    return mark + out.getvalue()


def _update(entry: CommentedMap, values: Mapping[str, Any]) -> None:
    """Set the values that differ, and remove the keys of those that are empty."""
    for key, value in values.items():
        if value in ("", False, None):
            entry.pop(key, None)
        elif entry.get(key) != value:
            entry[key] = DoubleQuotedScalarString(value) if str(value).startswith("#") else quoted(value)


def _flow(values: Mapping[str, Any]) -> CommentedMap:
    entry = CommentedMap(values)
    entry.fa.set_flow_style()
    return entry
