"""Change single keys of an item file or of issue.yaml; unknown keys, comments and line ends stay."""

import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from newsletter.compose.rewrite import quoted
from newsletter.errors import ContentError, Message, Place, Problem

GONE = object()
"""The value of a key that is to be removed."""

_MARK = "\ufeff"
_FENCE = re.compile(r"---[ \t]*")
_NEVER_WRAP = 1_000_000


def edit_item(text: str, path: str, changes: Mapping[str, Any], body: str | None = None) -> str:
    """Return an item file's `text` with `changes` to its front matter, and with the text `body` unless None.

    A text without front matter gets one. Raises ContentError when the front matter is not readable YAML.
    """
    mark, head, old, end = _parts(text)
    fresh = edit_yaml(head, path, changes)
    if body is None:
        rest = old
    else:
        words = "\n".join(re.split("\r\n|\r|\n", body)).strip("\n")
        same = words == "\n".join(re.split("\r\n|\r|\n", old)).strip("\n")
        rest = old if same else end.join(("", *words.split("\n"), "")) if words else ""
    if fresh == head and rest == old:
        return text
    lines = ["---", *fresh.rstrip("\n").split("\n"), "---", ""]
    return mark + end.join(lines) + rest


def edit_yaml(text: str, path: str, changes: Mapping[str, Any]) -> str:
    """Return the YAML mapping `text` with new values by key; GONE removes one. Raises ContentError."""
    parser = YAML()
    parser.preserve_quotes = True
    parser.width = _NEVER_WRAP
    parser.indent(mapping=2, sequence=4, offset=2)
    try:
        data = parser.load(text)
    except YAMLError as error:
        raise _unreadable(path, error) from None
    if data is None:
        data = CommentedMap()
        head = text
    else:
        head = ""
    if not isinstance(data, CommentedMap):
        raise ContentError(
            Problem.error("must be keys with values", Place(path, 1), "Mend the text by hand.")
        )
    changed = False
    for key, value in changes.items():
        if value is GONE:
            changed |= data.pop(key, GONE) is not GONE
        elif key not in data or data[key] != value:
            data[key] = _worded(value)
            changed = True
    if not changed:
        return text
    out = StringIO()
    parser.dump(data, out)
    return head + (out.getvalue() if data else "")


def _parts(text: str) -> tuple[str, str, str, str]:
    """Split an item file into byte order mark, front matter, the rest after its fence, and its line end."""
    mark = _MARK if text.startswith(_MARK) else ""
    text = text.removeprefix(_MARK)
    end = "\r\n" if "\r\n" in text else "\n"
    lines = re.split("(\r\n|\r|\n)", text)
    if _FENCE.fullmatch(lines[0]):
        for at in range(2, len(lines), 2):
            if _FENCE.fullmatch(lines[at]):
                return mark, "\n".join(lines[2:at:2]), "".join(lines[at + 2 :]), end
    return mark, "", (end + text if text else ""), end


def _worded(value: Any) -> Any:
    """Return a value as ruamel writes it: several lines as a block, and what YAML would misread in quotes."""
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    if isinstance(value, Mapping):
        return {key: _worded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_worded(one) for one in value]
    return quoted(value)


def _unreadable(path: str, error: YAMLError) -> ContentError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    line = mark.line + 2 if mark else 1
    return ContentError(
        Problem.error(
            Message("not readable as YAML: %(problem)s", problem=problem),
            Place(path, line),
            "Mend the text by hand.",
        )
    )
